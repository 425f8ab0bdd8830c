/** What is kept of people: legal holds, and erasing. */
import {
  Erased,
  Erasure,
  HoldRelease,
  LegalHold,
  LegalHoldPage,
  NewLegalHold,
} from '#contract/audit.ts'
import { PageQuery } from '#contract/common.ts'
import type { UserId } from '#core/ids.ts'
import { erasePerson } from '#server/audit/erase.ts'
import { placeHold, readHolds, releaseHold } from '#server/operations/hold-records.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'

const tags = ['audit']

export function registerRecords(app: App, ports: ResourcePorts): void {
  registerHolds(app, ports)
  app.post(
    '/api/v1/audit/erasures',
    {
      config: { permission: 'audit.erase' },
      schema: {
        tags,
        description:
          'Erases what is kept of one person’s words, for good; the chain still verifies, and the auditors are told. Called again it goes on',
        body: Erasure,
        response: { 200: Erased },
      },
    },
    (request) =>
      erasePerson(ports, {
        actor: request.actor,
        // The schema has parsed it; whether anybody has it is asked next.
        userId: request.body.userId as UserId,
        reason: request.body.reason,
      }),
  )
}

function registerHolds(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/audit/holds',
    {
      config: { permission: 'legal-hold.read' },
      schema: {
        tags,
        description: 'Legal holds, newest first, released ones too',
        querystring: PageQuery,
        response: { 200: LegalHoldPage },
      },
    },
    (request) => readHolds(ports, request.query),
  )
  app.post(
    '/api/v1/audit/holds',
    {
      config: { permission: 'legal-hold.write' },
      schema: {
        tags,
        description: 'Places a hold: nothing of this person, or of anybody, is erased or removed',
        body: NewLegalHold,
        response: { 201: LegalHold },
      },
    },
    async (request, reply) => {
      const { userId, reason } = request.body
      const { actor } = request
      const hold = await placeHold(ports, { actor, userId: userId as UserId | null, reason })
      return reply.code(201).send(hold)
    },
  )
  app.post(
    '/api/v1/audit/holds/:id/release',
    {
      config: { permission: 'legal-hold.write' },
      schema: {
        tags,
        description: 'Releases a hold; the auditors are told',
        params: IdParams,
        body: HoldRelease,
        response: { 200: LegalHold },
      },
    },
    (request) =>
      releaseHold(ports, {
        actor: request.actor,
        id: request.params.id,
        reason: request.body.reason,
      }),
  )
}
