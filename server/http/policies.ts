/** The routes that both kinds of policy have. */
import { z } from 'zod'
import { PageQuery } from '#contract/common.ts'
import { PolicyHistory } from '#contract/policy.ts'
import type { PolicyId } from '#core/ids.ts'
import type { KindOfPolicy } from '#server/operations/policy-kinds.ts'
import { listPolicies, readPolicy, readPolicyHistory } from '#server/operations/read-policies.ts'
import { createPolicy, deletePolicy, updatePolicy } from '#server/operations/save-policy.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'
import { requireIfMatch, sayVersion } from './versions.ts'

type AnyPolicy = { id: PolicyId; version: number }

/**
 * The schemas of answers are typed loosely, for the provider cannot follow a generic route; what
 * does not fit them is caught when it is serialised.
 */
export interface PolicyRoutes<Policy extends AnyPolicy, Body, Shown> {
  readonly path: string
  readonly kind: KindOfPolicy<Policy, Body, Shown>
  readonly body: z.ZodType<Body>
  readonly policy: z.ZodType
  readonly page: z.ZodType
}

const tags = ['policies']

export function registerPolicies<Policy extends AnyPolicy, Body, Shown>(
  app: App,
  ports: ResourcePorts,
  routes: PolicyRoutes<Policy, Body, Shown>,
): void {
  const { path, kind, page, policy } = routes
  const config = { permission: `${kind.objectType}.read` } as const
  app.get(
    path,
    { config, schema: { tags, querystring: PageQuery, response: { 200: page } } },
    (request) => listPolicies(ports, kind, request.query),
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
  { path, kind, body, policy }: PolicyRoutes<Policy, Body, Shown>,
): void {
  const config = { permission: `${kind.objectType}.write` } as const
  app.post(
    path,
    { config, schema: { tags, body, response: { 201: policy } } },
    async (request, reply) => {
      const id = await createPolicy(ports, kind, { actor: request.actor, body: request.body })
      const made = await readPolicy(ports, kind, id)
      sayVersion(reply, made.version)
      return reply.code(201).header('location', `${path}/${id}`).send(made)
    },
  )
  app.put(
    `${path}/:id`,
    { config, schema: { tags, params: IdParams, body, response: { 200: policy } } },
    async (request, reply) => {
      const { id } = request.params
      const change = { actor: request.actor, id, version: requireIfMatch(request) }
      await updatePolicy(ports, kind, { ...change, body: request.body })
      const after = await readPolicy(ports, kind, id)
      sayVersion(reply, after.version)
      return after
    },
  )
  app.delete(
    `${path}/:id`,
    { config, schema: { tags, params: IdParams, response: { 204: z.undefined() } } },
    async (request, reply) => {
      const version = requireIfMatch(request)
      await deletePolicy(ports, kind, { actor: request.actor, id: request.params.id, version })
      return reply.code(204).send()
    },
  )
}
