/** Whose access a list shows: what a person can choose from, the first of it unless they do. */
import { useMe } from './queries.ts'
import { usePlace } from './router.ts'
import type { Scope } from './url-state.ts'

type View = 'active' | 'ended'

/**
 * What one holds stands on Home already, so whoever decides looks at active access for what others
 * hold. Of what has ended one's own comes first: what one decided stands under the approvals.
 */
export function scopesFor(view: View, roles: readonly string[]): Scope[] {
  const all = roles.includes('auditor') || roles.includes('admin')
  const decide = roles.includes('approver') ? (['decide'] as const) : []
  const below = view === 'active' ? [...decide, 'mine' as const] : ['mine' as const, ...decide]
  return all ? ['all', ...below] : below
}

/** One that is not offered, as of an address that somebody else sent, is none. */
export function chosenScope(scopes: readonly Scope[], asked: string | null): Scope | undefined {
  return scopes.find((scope) => scope === asked) ?? scopes[0]
}

export function useScopes(view: View): { scopes: readonly Scope[]; scope: Scope | undefined } {
  const scopes = scopesFor(view, useMe().roles)
  return { scopes, scope: chosenScope(scopes, usePlace().search.get('scope')) }
}
