import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { EligibleAccount, EligiblePermissionSet } from '#contract/me.ts'
import type { EligiblePermissionSet as EligibleSet } from '#core/evaluator.ts'
import type { Account, PermissionSet } from '#core/facts.ts'
import type { AccountId } from '#core/ids.ts'
import { searchKey } from '#core/text.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rulesFor } from './actor.ts'
import { decodeCursor, pageOf } from './paging.ts'

export interface EligiblePorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
}

export interface EligibleQuery {
  readonly q?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Name and id of the last account shown; the list is sorted by them. */
const Cursor = z.tuple([z.string(), z.string()])

export async function listEligibleAccounts(
  ports: EligiblePorts,
  actor: Actor,
  query: EligibleQuery,
): Promise<{ items: EligibleAccount[]; nextCursor: string | null }> {
  const rules = await rulesFor(ports, actor)
  const after = decodeCursor(query.cursor, Cursor)
  const found = rules.evaluator
    .eligibleAccounts(actor.person)
    .filter((account) => matches(rules, account, query.q) && isAfter(account, after))
    .slice(0, query.limit + 1)
  const page = pageOf(found, query.limit, ({ name, accountId }) => [name, accountId])
  const items = page.items.map((account) => ({
    accountId: account.accountId,
    name: account.name,
    ouPath: ouNames(rules, account),
  }))
  return { items, nextCursor: page.nextCursor }
}

function ouNames({ ouNames: names }: Rules, { ouPath }: Account): string[] {
  return ouPath.map((id) => names.get(id) ?? id)
}

/** A part of the name or of an OU's name, or the beginning of the id. */
function matches(rules: Rules, account: Account, q: string | undefined): boolean {
  const wanted = searchKey(q ?? '')
  if (wanted === '' || account.accountId.startsWith(wanted)) return true
  return searchTextsOf(rules, account).some((text) => text.includes(wanted))
}

/** As long as an account is known by the same rules; whoever types asks of all of them again. */
const searchTexts = new WeakMap<Rules, Map<AccountId, readonly string[]>>()

function searchTextsOf(rules: Rules, account: Account): readonly string[] {
  const texts = searchTexts.get(rules) ?? new Map()
  searchTexts.set(rules, texts)
  const known = texts.get(account.accountId)
  const found = known ?? [account.name, ...ouNames(rules, account)].map(searchKey)
  texts.set(account.accountId, found)
  return found
}

function isAfter(account: Account, after: readonly [string, string] | null): boolean {
  if (after === null) return true
  const [name, id] = after
  return account.name > name || (account.name === name && account.accountId > id)
}

/** Empty for an account that the person may not ask for, whether it exists or not. */
export async function listEligiblePermissionSets(
  ports: EligiblePorts,
  actor: Actor,
  { accountId, ...query }: EligibleQuery & { readonly accountId: AccountId },
): Promise<{ items: EligiblePermissionSet[]; nextCursor: string | null }> {
  const { evaluator } = await rulesFor(ports, actor)
  const after = decodeCursor(query.cursor, Cursor)
  const wanted = searchKey(query.q ?? '')
  const found = evaluator
    .eligiblePermissionSets(actor.person, accountId)
    .filter(({ permissionSet }) => searchKey(permissionSet.name).includes(wanted))
    .filter(({ permissionSet }) => isSetAfter(permissionSet, after))
    .slice(0, query.limit + 1)
  const page = pageOf(found, query.limit, ({ permissionSet }) => [
    permissionSet.name,
    permissionSet.permissionSetArn,
  ])
  const items = page.items.map((one) => {
    const target = { accountId, permissionSetArn: one.permissionSet.permissionSetArn }
    const { approvers } = evaluator.approval(target, actor.person.userId)
    return showSet(one, approvers.size)
  })
  return { items, nextCursor: page.nextCursor }
}

function isSetAfter(set: PermissionSet, after: readonly [string, string] | null): boolean {
  if (after === null) return true
  const [name, arn] = after
  return set.name > name || (set.name === name && set.permissionSetArn > arn)
}

function showSet({ permissionSet, terms }: EligibleSet, approverCount: number) {
  return {
    permissionSetArn: permissionSet.permissionSetArn,
    name: permissionSet.name,
    description: permissionSet.description,
    level: permissionSet.level,
    maxDurationMinutes: terms.maxDurationMinutes,
    approvalRequired: terms.approvalRequired,
    ticketRequired: terms.ticketRequired,
    justificationRequired: terms.justificationRequired,
    breakGlass: terms.breakGlass,
    breakGlassMaxDurationMinutes: terms.breakGlassMaxDurationMinutes,
    approverCount,
    sessionMinutes: permissionSet.sessionMinutes,
  }
}
