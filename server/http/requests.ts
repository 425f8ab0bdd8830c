import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { AuditEventPage } from '#contract/audit.ts'
import { PageQuery } from '#contract/common.ts'
import {
  Approvers,
  Comment,
  EarlierRequests,
  Extension,
  Preview,
  Request,
  RequestPage,
  RequestQuery,
  ReviewGiven,
  Submission,
  Submitted,
} from '#contract/request.ts'
import type { AccountId, PermissionSetArn, RequestId, SubmissionId } from '#core/ids.ts'
import type { RequestAction } from '#core/request.ts'
import type { Submission as Asked } from '#core/submission.ts'
import type { Actor } from '#server/operations/actor.ts'
import { approveRequest } from '#server/operations/approve-request.ts'
import { cancelRequest } from '#server/operations/cancel-request.ts'
import { extendRequest } from '#server/operations/extend-request.ts'
import { listEventsOfRequest } from '#server/operations/list-events.ts'
import { listRequests } from '#server/operations/list-requests.ts'
import { previewRequest } from '#server/operations/preview-request.ts'
import { readApprovers } from '#server/operations/read-approvers.ts'
import { readEarlierRequests, readRequest, readRequests } from '#server/operations/read-request.ts'
import { rejectRequest } from '#server/operations/reject-request.ts'
import { returnAccess } from '#server/operations/return-access.ts'
import { reviewRequest } from '#server/operations/review-request.ts'
import { revokeAccess } from '#server/operations/revoke-access.ts'
import { submitRequest } from '#server/operations/submit-request.ts'
import type { App } from './app.ts'
import type { IdempotencyClaim } from './idempotency.ts'
import { IdParams, type ResourcePorts } from './resources.ts'
import { sayVersion } from './versions.ts'

const tags = ['requests']

export function registerRequests(app: App, ports: ResourcePorts): void {
  registerAsking(app, ports)
  registerReading(app, ports)
  registerActions(app, ports)
  registerExtending(app, ports)
  registerReviewing(app, ports)
}

function registerAsking(app: App, ports: ResourcePorts): void {
  app.post(
    '/api/v1/requests/preview',
    {
      config: { permission: 'request.preview' },
      schema: {
        tags,
        description: 'What a submission would be answered; changes nothing',
        body: Submission,
        response: { 200: Preview },
      },
    },
    (request) => previewRequest(ports, request.actor, askedBy(request.body)),
  )
  app.post(
    '/api/v1/requests',
    {
      config: { permission: 'request.submit' },
      schema: {
        tags,
        description: 'Asks for one or more targets: all become requests, or none does',
        body: Submission,
        response: { 201: Submitted },
      },
    },
    async (request, reply) => {
      const { actor, idempotencyClaim } = request
      const { submissionId, requestIds } = await submitRequest(ports, {
        actor,
        submission: askedBy(request.body),
        ...(idempotencyClaim && { submissionId: submissionIdOf(idempotencyClaim) }),
      })
      const requests = await readRequests(ports, actor, requestIds)
      reply.header('location', `/api/v1/submissions/${submissionId}`)
      return reply.code(201).send({ submissionId, requests })
    },
  )
}

// The schema has parsed account ids and ARNs.
function askedBy(body: z.output<typeof Submission>): Asked {
  return {
    targets: body.targets.map((target) => ({
      accountId: target.accountId as AccountId,
      permissionSetArn: target.permissionSetArn as PermissionSetArn,
    })),
    startsAt: body.startsAt == null ? null : new Date(body.startsAt),
    durationMinutes: body.durationMinutes,
    justification: body.justification,
    ticket: body.ticket ?? null,
    breakGlass: body.breakGlass ?? false,
  }
}

/**
 * The same claim, the same submission: should its holder have died between the commit and the
 * answer, whoever takes the claim over finds what was made. Written as a version 8 UUID.
 */
function submissionIdOf({ actorId, route, key, since }: IdempotencyClaim): SubmissionId {
  const text = JSON.stringify([actorId, route, key, since.toISOString()])
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as SubmissionId
}

function registerReading(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/requests',
    {
      config: { permission: 'request.list' },
      schema: { tags, querystring: RequestQuery, response: { 200: RequestPage } },
    },
    (request) => listRequests(ports, request.actor, request.query),
  )
  app.get(
    '/api/v1/requests/:id',
    {
      config: { permission: 'request.read' },
      schema: { tags, params: IdParams, response: { 200: Request } },
    },
    async (request, reply) => {
      const found = await readRequest(ports, request.actor, idOf(request))
      sayVersion(reply, found.version)
      return found
    },
  )
  app.get(
    '/api/v1/requests/:id/events',
    {
      config: { permission: 'request.read' },
      schema: {
        tags,
        description: 'Its part of the audit trail',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: AuditEventPage },
      },
    },
    (request) => listEventsOfRequest(ports, request.actor, { ...request.query, id: idOf(request) }),
  )
  app.get(
    '/api/v1/requests/:id/earlier',
    {
      config: { permission: 'request.read' },
      schema: {
        tags,
        description: 'The last five that the same person made for the same target before',
        params: IdParams,
        response: { 200: EarlierRequests },
      },
    },
    async (request) => ({ items: await readEarlierRequests(ports, request.actor, idOf(request)) }),
  )
  app.get(
    '/api/v1/requests/:id/approvers',
    {
      config: { permission: 'request.read' },
      schema: {
        tags,
        description: 'Who can decide on it by today’s policies, by name',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: Approvers },
      },
    },
    (request) => readApprovers(ports, request.actor, { id: idOf(request), ...request.query }),
  )
}

interface ActionInput {
  readonly actor: Actor
  readonly requestId: RequestId
  readonly comment: string | null
}

type Act = (ports: ResourcePorts, input: ActionInput) => Promise<void>

const acts: Partial<Record<RequestAction, Act>> = {
  approve: approveRequest,
  reject: rejectRequest,
  cancel: cancelRequest,
  return: returnAccess,
  revoke: revokeAccess,
}

function registerActions(app: App, ports: ResourcePorts): void {
  for (const [name, act] of Object.entries(acts) as [RequestAction, Act][]) {
    app.post(
      `/api/v1/requests/:id/${name}`,
      {
        config: { permission: `request.${name}` },
        schema: { tags, params: IdParams, body: Comment.nullish(), response: { 200: Request } },
      },
      async (request, reply) => {
        const { actor, body } = request
        const requestId = idOf(request)
        await act(ports, { actor, requestId, comment: body?.comment ?? null })
        const after = await readRequest(ports, actor, requestId)
        sayVersion(reply, after.version)
        return after
      },
    )
  }
}

function registerExtending(app: App, ports: ResourcePorts): void {
  app.post(
    '/api/v1/requests/:id/extend',
    {
      config: { permission: 'request.extend' },
      schema: {
        tags,
        description: 'Asks for more time: answers the request that prolongs this one',
        params: IdParams,
        body: Extension,
        response: { 201: Request },
      },
    },
    async (request, reply) => {
      const { actor, body, idempotencyClaim } = request
      const { durationMinutes, justification, ticket = null } = body
      const id = await extendRequest(ports, {
        actor,
        requestId: idOf(request),
        asked: { durationMinutes, justification, ticket },
        ...(idempotencyClaim && { submissionId: submissionIdOf(idempotencyClaim) }),
      })
      const made = await readRequest(ports, actor, id)
      sayVersion(reply, made.version)
      reply.header('location', `/api/v1/requests/${id}`)
      return reply.code(201).send(made)
    },
  )
}

function registerReviewing(app: App, ports: ResourcePorts): void {
  app.post(
    '/api/v1/requests/:id/review',
    {
      config: { permission: 'request.review' },
      schema: {
        tags,
        description: 'Says of break-glass whether it was justified; once',
        params: IdParams,
        body: ReviewGiven,
        response: { 200: Request },
      },
    },
    async (request, reply) => {
      const { actor, body } = request
      const requestId = idOf(request)
      await reviewRequest(ports, { actor, requestId, ...body })
      const after = await readRequest(ports, actor, requestId)
      sayVersion(reply, after.version)
      return after
    },
  )
}

function idOf(request: { readonly params: z.output<typeof IdParams> }): RequestId {
  return request.params.id as RequestId
}
