import { z } from 'zod'
import {
  type Scope,
  type ServiceRole,
  scopes,
  serviceRoles,
  tokenAddressesMax,
  tokenDaysMax,
  tokenKinds,
} from '#core/token.ts'
import { FreeText, Instant, PageQuery, pageOf } from './common.ts'

export const TokenScope = z
  .enum(scopes as [Scope, ...Scope[]])
  .meta({ id: 'TokenScope', description: 'What a token may do, by verb' })

const Kind = z.enum(tokenKinds).meta({
  description: '`person`: your own. `service`: a program’s, made by an administrator',
})
const Roles = z.enum(serviceRoles as readonly [ServiceRole, ...ServiceRole[]])
const Network = z
  .string()
  .max(60)
  .meta({ examples: ['203.0.113.0/24', '2001:db8::/32'] })

export const TokenBody = z
  .strictObject({
    name: FreeText.meta({ description: 'What it is for', examples: ['Nightly report'] }),
    kind: Kind.default('person'),
    scopes: z.array(TokenScope).min(1).max(scopes.length),
    expiresAt: Instant.meta({ description: `At most ${tokenDaysMax} days ahead` }),
    roles: z
      .array(Roles)
      .max(serviceRoles.length)
      .default([])
      .meta({ description: 'Of a service token: as what it reads and acts; else empty' }),
    addresses: z.array(Network).max(tokenAddressesMax).default([]).meta({
      description: 'Addresses and CIDR ranges from which alone it works; empty: from anywhere',
    }),
  })
  .meta({
    id: 'TokenBody',
    examples: [
      {
        name: 'Nightly report',
        scopes: ['requests:read'],
        expiresAt: '2026-12-24T00:00:00.000Z',
        addresses: ['203.0.113.0/24'],
      },
    ],
  })
export type TokenBody = z.infer<typeof TokenBody>

export const Token = z
  .object({
    id: z.string(),
    version: z.int(),
    kind: Kind,
    name: z.string(),
    owner: z
      .object({ userId: z.string(), userName: z.string() })
      .meta({ description: 'Of a service token: the administrator who made it' }),
    scopes: z.array(z.string()),
    roles: z.array(z.string()),
    addresses: z.array(z.string()),
    createdAt: Instant,
    expiresAt: Instant,
    expired: z.boolean(),
    lastUsedAt: Instant.nullable().meta({ description: 'To within five minutes' }),
    lastUsedAddress: z.string().nullable(),
    mine: z.boolean(),
  })
  .meta({ id: 'Token' })
export type Token = z.infer<typeof Token>

export const CreatedToken = Token.extend({
  secret: z
    .string()
    .nullable()
    .meta({
      description:
        'Send it as `Authorization: Bearer …`. Shown this once: nobody can look it up, and an answer repeated by Idempotency-Key has null',
      examples: ['team_0123456789abcdef_…'],
    }),
}).meta({ id: 'CreatedToken' })
export type CreatedToken = z.infer<typeof CreatedToken>

export const TokensQuery = PageQuery.extend({
  view: z
    .enum(['mine', 'service', 'all'])
    .default('mine')
    .meta({ description: '`service` and `all`: administrators and auditors' }),
})
export const TokenPage = pageOf(Token).meta({ id: 'TokenPage' })
export type TokenPage = z.infer<typeof TokenPage>

export const TokenParams = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'Not an id') })
