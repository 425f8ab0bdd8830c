import { z } from 'zod'
import { CreatedToken, TokenBody, TokenPage, TokenParams, TokensQuery } from '#contract/token.ts'
import { createToken } from '#server/operations/create-token.ts'
import { readTokens } from '#server/operations/read-tokens.ts'
import { revokeOneToken } from '#server/operations/revoke-token.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'
import { sayVersion, versionInIfMatch } from './versions.ts'

export function registerTokens(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/tokens',
    {
      config: { permission: 'token.list' },
      schema: {
        tags: ['tokens'],
        description: 'Tokens that nobody has revoked, newest first; never their secrets',
        querystring: TokensQuery,
        response: { 200: TokenPage },
      },
    },
    (request) => readTokens(ports, request.actor, request.query),
  )
  app.post(
    '/api/v1/tokens',
    {
      config: { permission: 'token.create', shownOnce: ['secret'] },
      schema: {
        tags: ['tokens'],
        description: 'Makes a token; its secret is in this answer and nowhere else',
        body: TokenBody,
        response: { 201: CreatedToken },
      },
    },
    async (request, reply) => {
      const created = await createToken(ports, { actor: request.actor, asked: request.body })
      sayVersion(reply, created.version)
      return reply.code(201).send(created)
    },
  )
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { permission: 'token.delete' },
      schema: {
        tags: ['tokens'],
        description: 'Revokes a token, at once and for good: yours, or as administrator anybody’s',
        params: TokenParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const version = versionInIfMatch(request)
      await revokeOneToken(ports, { actor: request.actor, id: request.params.id, version })
      return reply.code(204).send()
    },
  )
}
