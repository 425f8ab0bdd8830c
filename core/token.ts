/**
 * What an API token may do: the rights of its owner now, cut by its scopes. A scope is a verb; the
 * actions that no scope names (tokens themselves, proposals, the word on a held refresh, a key
 * handed over, preferences, the stream) need somebody at a browser. A scope that nobody knows
 * covers nothing.
 */
import type { Action, Role } from './access.ts'

export const tokenKinds = ['person', 'service'] as const
/** A person's own, or a program's, made by an administrator. */
export type TokenKind = (typeof tokenKinds)[number]

interface ScopeRule {
  readonly actions: readonly Action[]
  readonly kinds: readonly TokenKind[]
}

const both = tokenKinds
const person = ['person'] as const
const service = ['service'] as const
const scope = (kinds: readonly TokenKind[], ...actions: Action[]): ScopeRule => ({ actions, kinds })

const rules = {
  'me:read': scope(person, 'me.read'),
  'requests:preview': scope(person, 'eligible-account.read', 'request.preview'),
  'requests:submit': scope(person, 'request.submit'),
  'requests:read': scope(
    both,
    'request.list',
    'request.list-all',
    'request.read',
    'request.read-session-log',
    'submission.read',
  ),
  'requests:approve': scope(person, 'request.approve', 'submission.approve'),
  'requests:reject': scope(person, 'request.reject', 'submission.reject'),
  'requests:cancel': scope(person, 'request.cancel'),
  'requests:return': scope(person, 'request.return'),
  'requests:extend': scope(person, 'request.extend'),
  'requests:review': scope(person, 'request.review'),
  'requests:revoke': scope(both, 'request.revoke'),
  'policies:read': scope(
    both,
    'eligibility-policy.read',
    'eligibility-policy.preview',
    'approver-policy.read',
    'approver-policy.preview',
    'proposal.read',
  ),
  'policies:write': scope(service, 'eligibility-policy.write', 'approver-policy.write'),
  'settings:read': scope(both, 'settings.read'),
  'settings:write': scope(service, 'settings.write', 'settings.test'),
  'directory:read': scope(both, 'directory.read', 'directory.read-status'),
  'directory:refresh': scope(both, 'directory.refresh'),
  'access:read': scope(both, 'access.read', 'access.look'),
  'audit:read': scope(both, 'audit.read', 'audit.export', 'audit.verify', 'legal-hold.read'),
  'reconciler:read': scope(both, 'reconciler.read', 'notice.list'),
  'notices:resend': scope(both, 'notice.resend'),
  'saved-requests:read': scope(person, 'saved-request.list'),
  'saved-requests:write': scope(person, 'saved-request.create', 'saved-request.delete'),
  metrics: scope(both, 'metrics.read'),
} as const satisfies Record<string, ScopeRule>

export type Scope = keyof typeof rules
export const scopes = Object.keys(rules) as readonly Scope[]

/** A program is no requester and no approver: it oversees, and no more than it was given. */
export const serviceRoles = ['auditor', 'admin'] as const satisfies readonly Role[]
export type ServiceRole = (typeof serviceRoles)[number]

export const tokenDaysMax = 90
export const tokenNameCharactersMax = 100
export const tokenAddressesMax = 20
/** Live ones: of one person, and of all programs together. */
export const tokensMax = { person: 20, service: 200 } as const

/** What of a token the table of rights asks; the names as they are stored, known or not. */
export interface TokenRights {
  readonly kind: TokenKind
  readonly scopes: ReadonlySet<string>
}

function isScope(name: string): name is Scope {
  return Object.hasOwn(rules, name)
}

function ruleOf(name: string): ScopeRule | null {
  return isScope(name) ? rules[name] : null
}

export function isScopeOf(kind: TokenKind, name: string): boolean {
  return ruleOf(name)?.kinds.includes(kind) ?? false
}

/** Whether one of the token's scopes covers it, and may be one of such a token. */
export function tokenCovers(token: TokenRights, action: string): boolean {
  return [...token.scopes].some(
    (name) =>
      isScopeOf(token.kind, name) && ruleOf(name)?.actions.some((covered) => covered === action),
  )
}

/** The scopes that would cover it; none: it needs somebody at a browser. */
export function scopesFor(action: string): Scope[] {
  return scopes.filter((name) => ruleOf(name)?.actions.some((covered) => covered === action))
}
