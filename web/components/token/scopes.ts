import type { TokenScope } from '#contract/token.ts'

export type Scope = (typeof TokenScope)['_zod']['output']
export type TokenKind = 'person' | 'service'

const both = ['person', 'service'] as const
const person = ['person'] as const
const service = ['service'] as const

/** The server's core/token.ts decides; this only keeps from offering what it would refuse. */
const kindsOf = {
  'me:read': person,
  'requests:preview': person,
  'requests:submit': person,
  'requests:read': both,
  'requests:approve': person,
  'requests:reject': person,
  'requests:cancel': person,
  'requests:return': person,
  'requests:extend': person,
  'requests:review': person,
  'requests:revoke': both,
  'policies:read': both,
  'policies:write': service,
  'settings:read': both,
  'settings:write': service,
  'directory:read': both,
  'directory:refresh': both,
  'access:read': both,
  'audit:read': both,
  'reconciler:read': both,
  'notices:resend': both,
  'saved-requests:read': person,
  'saved-requests:write': person,
  metrics: both,
} as const satisfies Record<Scope, readonly TokenKind[]>

const scopes = Object.keys(kindsOf) as readonly Scope[]

export function scopesOf(kind: TokenKind): Scope[] {
  return scopes.filter((scope) => kindsOf[scope].some((one) => one === kind))
}
