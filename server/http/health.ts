import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { z } from 'zod'
import type { App } from './app.ts'
import type { Readiness } from './ports.ts'

export interface HealthDeps {
  readonly ready: () => Promise<Readiness>
}

const Health = z.object({ ok: z.boolean(), why: z.string().optional() })

export function registerHealth(app: App, deps: HealthDeps): void {
  app.get(
    '/healthz',
    { config: { permission: 'public' }, schema: { hide: true, response: { 200: Health } } },
    async () => ({ ok: true }),
  )
  app.get(
    '/readyz',
    {
      config: { permission: 'public' },
      schema: { hide: true, response: { 200: Health, 503: Health } },
    },
    async (_request, reply) => {
      const readiness = await deps.ready()
      return reply.code(readiness.ok ? 200 : 503).send({ ...readiness })
    },
  )
}

/** On the main port, for overseers and for tokens with the scope `metrics`. */
export function registerMetrics(app: App, registry: Registry): void {
  app.get(
    '/metrics',
    { config: { permission: 'metrics.read' }, schema: { hide: true } },
    async (_request, reply) => {
      return reply.type(registry.contentType).send(await registry.metrics())
    },
  )
}

/** `/metrics` on a port of its own, to be bound to loopback. */
export function buildMetricsApp(registry: Registry): FastifyInstance {
  const app = fastify()
  app.get('/metrics', async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics())
  })
  return app
}
