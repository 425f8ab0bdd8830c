import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { SavedRequest, SavedRequestPage } from '#contract/saved-request.ts'
import { mayPerform } from '#core/access.ts'
import type { SavedRequestKind } from '#core/saved-request.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import { type StoredSavedRequest, savedRequestsFor } from '#server/store/saved-requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rulesFor } from './actor.ts'
import { decodeCursor, pageOf } from './paging.ts'

export interface ReadSavedPorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
}

/** Name and id of the last one shown; own ones come before templates. */
const Cursor = z.tuple([z.enum(['own', 'template']), z.string(), z.string()])

export async function readSavedRequests(
  ports: ReadSavedPorts,
  actor: Actor,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<SavedRequestPage> {
  const rules = await rulesFor(ports, actor)
  const after = decodeCursor(cursor, Cursor)
  const stored = await savedRequestsFor(ports.db, actor.person.userId)
  const visible = stored.flatMap((one) => showSavedRequest(rules, actor, one) ?? [])
  const ordered = visible.toSorted((a, b) => compare(placeOf(a), placeOf(b)))
  const found = ordered.filter((one) => after === null || compare(placeOf(one), after) > 0)
  return pageOf(found.slice(0, limit + 1), limit, placeOf)
}

type Place = [kind: SavedRequestKind, name: string, id: string]

function placeOf({ kind, name, id }: SavedRequest): Place {
  return [kind, name, id]
}

function compare(a: Place, b: Place): number {
  const at = a.findIndex((part, i) => part !== b[i])
  if (at < 0) return 0
  return (a[at] ?? '') < (b[at] ?? '') ? -1 : 1
}

/** A saved request is never changed, only deleted. */
export const savedRequestVersion = 1

/**
 * Null: not there for this person. Of a template people see what they may ask for and no more;
 * whoever manages templates sees all of each.
 */
export function showSavedRequest(
  rules: Rules,
  actor: Actor,
  saved: StoredSavedRequest,
): SavedRequest | null {
  const { directory, evaluator } = rules
  const own = saved.kind === 'own' && saved.owner.userId === actor.person.userId
  const manages = saved.kind === 'template' && mayOnSaved('saved-request.manage-templates', actor)
  if (saved.kind === 'own' && !own) return null
  const targets = saved.targets.map((target) => {
    const { eligible } = evaluator.eligibility(actor.person, target)
    // Who may not ask for it any more sees the names that they saved.
    const account = eligible ? directory.accounts.get(target.accountId) : undefined
    const set = eligible ? directory.permissionSets.get(target.permissionSetArn) : undefined
    return {
      accountId: target.accountId,
      accountName: account?.name ?? target.accountName,
      permissionSetArn: target.permissionSetArn,
      permissionSetName: set?.name ?? target.permissionSetName,
      eligible,
    }
  })
  const shown = own || manages ? targets : targets.filter(({ eligible }) => eligible)
  if (shown.length === 0) return null
  return {
    id: saved.id,
    version: savedRequestVersion,
    kind: saved.kind,
    name: saved.name,
    targets: shown,
    durationMinutes: saved.durationMinutes,
    justification: saved.justification,
    createdBy: { ...saved.owner },
    createdAt: saved.createdAt.toISOString(),
    mayDelete: (own && mayOnSaved('saved-request.delete', actor, saved)) || manages,
  }
}

export function mayOnSaved(action: string, actor: Actor, saved?: StoredSavedRequest): boolean {
  // A template is the installation's: that somebody made it gives no right over it.
  const isOwn = saved?.kind === 'own' && saved.owner.userId === actor.person.userId
  return mayPerform(action, {
    enabled: actor.person.enabled,
    roles: actor.roles,
    relations: new Set(isOwn ? (['own'] as const) : []),
    token: actor.token ?? null,
  })
}
