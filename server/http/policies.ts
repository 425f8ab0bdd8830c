/** The routes that both kinds of policy have. */
import { z } from 'zod'
import { PolicyDeletion, PolicyHistory } from '#contract/policy.ts'
import { ProposalSent } from '#contract/proposal.ts'
import type { KindOfPolicy } from '#server/operations/policy-kinds.ts'
import {
  type AnyPolicy,
  listPolicies,
  type PolicyListQuery,
  readPolicy,
  readPolicyHistory,
} from '#server/operations/read-policies.ts'
import { createPolicy, deletePolicy, updatePolicy } from '#server/operations/save-policy.ts'
import { answerProposed } from './answer-proposed.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'
import { requireIfMatch, sayVersion } from './versions.ts'

interface ChangeBody {
  readonly confirmEnding?: number | undefined
}

/**
 * The schemas of answers are typed loosely, for the provider cannot follow a generic route; what
 * does not fit them is caught when it is serialised.
 */
export interface PolicyRoutes<Policy extends AnyPolicy, Body, Shown> {
  readonly path: string
  readonly kind: KindOfPolicy<Policy, Body, Shown>
  readonly body: z.ZodType<Body>
  /** The body of a change: the same, and how many live grants may end by it. */
  readonly change: z.ZodType<ChangeBody>
  readonly policy: z.ZodType
  readonly query: z.ZodType<PolicyListQuery>
  readonly page: z.ZodType
}

const tags = ['policies']

export function registerPolicies<Policy extends AnyPolicy, Body, Shown>(
  app: App,
  ports: ResourcePorts,
  routes: PolicyRoutes<Policy, Body, Shown>,
): void {
  const { path, kind, query, page, policy } = routes
  const config = { permission: `${kind.objectType}.read` } as const
  app.get(
    path,
    { config, schema: { tags, querystring: query, response: { 200: page } } },
    (request) => listPolicies(ports, kind, request.query, request.actor.rules),
  )
  app.get(
    `${path}/:id`,
    { config, schema: { tags, params: IdParams, response: { 200: policy } } },
    async (request, reply) => {
      const found = await readPolicy(ports, kind, request.params.id)
      sayVersion(reply, found.version)
      return found
    },
  )
  app.get(
    `${path}/:id/history`,
    { config, schema: { tags, params: IdParams, response: { 200: PolicyHistory } } },
    (request) => readPolicyHistory(ports, kind, request.params.id),
  )
  registerWrites(app, ports, routes)
}

function registerWrites<Policy extends AnyPolicy, Body, Shown>(
  app: App,
  ports: ResourcePorts,
  { path, kind, body, change, policy }: PolicyRoutes<Policy, Body, Shown>,
): void {
  const config = { permission: `${kind.objectType}.write` } as const
  app.post(
    path,
    { config, schema: { tags, body, response: { 201: policy, 202: ProposalSent } } },
    async (request, reply) => {
      const { actor } = request
      const made = await createPolicy(ports, kind, { actor, body: request.body })
      if (made.kind === 'proposed') return answerProposed(ports, reply, made.proposalId)
      const shown = await readPolicy(ports, kind, made.id)
      sayVersion(reply, shown.version)
      return reply.code(201).header('location', `${path}/${made.id}`).send(shown)
    },
  )
  app.put(
    `${path}/:id`,
    {
      config,
      schema: {
        tags,
        description: 'Refused with `ends_live_grants` until repeated with `confirmEnding`',
        params: IdParams,
        body: change,
        response: { 200: policy, 202: ProposalSent },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      // The provider cannot follow the generic schema; without the number it is the body itself.
      const { confirmEnding, ...rest } = request.body as ChangeBody
      const named = { actor: request.actor, id, version: requireIfMatch(request), confirmEnding }
      const changed = await updatePolicy(ports, kind, { ...named, body: rest as Body })
      if (changed.kind === 'proposed') return answerProposed(ports, reply, changed.proposalId)
      const after = await readPolicy(ports, kind, id)
      sayVersion(reply, after.version)
      return reply.send(after)
    },
  )
  app.delete(
    `${path}/:id`,
    {
      config,
      schema: {
        tags,
        description: 'Refused with `ends_live_grants` until repeated with `confirmEnding`',
        params: IdParams,
        querystring: PolicyDeletion,
        response: { 202: ProposalSent, 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { confirmEnding } = request.query
      const version = requireIfMatch(request)
      const named = { actor: request.actor, id: request.params.id, version, confirmEnding }
      const gone = await deletePolicy(ports, kind, named)
      if (gone.kind === 'proposed') return answerProposed(ports, reply, gone.proposalId)
      return reply.code(204).send()
    },
  )
}
