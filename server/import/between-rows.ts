/**
 * What the rows of one person did to each other in the sample, and no longer do: a longer duration
 * leaks into every other row of theirs, and one row without approval takes it away wherever it matches.
 */

import type { AccountId, OuId, PermissionSetArn, UserId } from '#core/ids.ts'
import { accountInReach, permissionSetInReach } from '#core/in-reach.ts'
import { coveredBy } from '#core/targets.ts'
import type { ApproverEntry } from './approvers.ts'
import type { EligibilityEntry } from './eligibility.ts'
import { counted, hoursInWords } from './entry.ts'
import { type Known, peopleOf } from './known.ts'

interface Read {
  readonly entry: EligibilityEntry
  readonly body: NonNullable<EligibilityEntry['body']>
  readonly people: ReadonlySet<UserId>
  /** In TEAM's reach. */
  readonly accounts: ReadonlySet<AccountId>
  readonly permissionSets: ReadonlySet<PermissionSetArn>
}

export interface SampleRules {
  readonly maxDurationMinutes: number
  readonly approvalRequired: boolean
}

export function compareRows(
  entries: readonly EligibilityEntry[],
  known: Known,
  sample: SampleRules,
): void {
  const rows = entries.flatMap((entry) => readOf(entry, known) ?? [])
  const rowsOfPerson = new Map<UserId, Read[]>()
  for (const row of rows) {
    for (const person of row.people) {
      rowsOfPerson.set(person, [...(rowsOfPerson.get(person) ?? []), row])
    }
  }
  for (const row of rows) {
    const others = othersOf(row, rowsOfPerson)
    tellLeakedDuration(row, others, known, sample)
    if (sample.approvalRequired) tellBypassedApproval(row, others, known)
  }
}

function readOf(entry: EligibilityEntry, known: Known): Read | null {
  const { body } = entry
  if (body === null) return null
  const { permissionSets } = known.rules.directory
  return {
    entry,
    body,
    people: peopleOf(known, body.subject),
    accounts: accountsOf(body.targets, known),
    permissionSets: new Set(
      [...permissionSets.values()]
        .filter(
          (set) => permissionSetInReach(set) && body.permissionSets.includes(set.permissionSetArn),
        )
        .map(({ permissionSetArn }) => permissionSetArn),
    ),
  }
}

function accountsOf(
  targets: NonNullable<EligibilityEntry['body']>['targets'],
  { rules }: Known,
): Set<AccountId> {
  // The contract has parsed the ids.
  const wanted = {
    accounts: targets.accounts as AccountId[],
    organizationalUnits: targets.organizationalUnits.map((ou) => ({ ...ou, id: ou.id as OuId })),
    root: targets.root,
  }
  const covered = [...rules.directory.accounts.values()].filter(
    (account) => accountInReach(account) && coveredBy(wanted, account) !== null,
  )
  return new Set(covered.map(({ accountId }) => accountId))
}

interface Other {
  readonly row: Read
  /** Who has both. */
  readonly people: number
}

function othersOf(row: Read, rowsOfPerson: ReadonlyMap<UserId, readonly Read[]>): Other[] {
  const shared = new Map<Read, number>()
  for (const person of row.people) {
    for (const other of rowsOfPerson.get(person) ?? []) {
      if (other !== row) shared.set(other, (shared.get(other) ?? 0) + 1)
    }
  }
  return [...shared].map(([other, people]) => ({ row: other, people }))
}

function tellLeakedDuration(
  row: Read,
  others: readonly Other[],
  known: Known,
  { maxDurationMinutes }: SampleRules,
): void {
  const own = row.body.maxDurationMinutes
  const longer = others
    .filter((other) => Math.min(other.row.body.maxDurationMinutes, maxDurationMinutes) > own)
    .map((other) => ({ ...other, target: targetOutside(row, other.row, known) }))
    .filter(({ target }) => target !== null)
    .toSorted((a, b) => b.row.body.maxDurationMinutes - a.row.body.maxDurationMinutes)
  const [longest] = longer
  if (longest === undefined) return
  const other = longest.row
  const leaked = hoursInWords(Math.min(other.body.maxDurationMinutes, maxDurationMinutes))
  row.entry.meanings.push({
    code: 'duration_by_target',
    text: `${peopleWith(longest)} (${leaked}). The sample let up to ${leaked} through for everything they may ask for, ${longest.target} among it; here it is the ${hoursInWords(own)} of this row.`,
  })
}

function tellBypassedApproval(row: Read, others: readonly Other[], known: Known): void {
  if (!row.body.approvalRequired) return
  for (const other of others) {
    if (other.row.body.approvalRequired) continue
    const target = targetInBoth(row, other.row, known)
    if (target === null) continue
    row.entry.meanings.push({
      code: 'approval_strictest',
      text: `${peopleWith(other)}, which needs no approval. In the sample that sufficed for ${target}; here it needs approval, because this row asks for it.`,
    })
  }
}

const peopleWith = ({ people, row }: Other) =>
  `${counted(people, 'person also has', 'people also have')} “${row.entry.name}”`

/** A target of the one that the other does not cover. */
function targetOutside(row: Read, other: Read, known: Known): string | null {
  for (const accountId of row.accounts) {
    for (const arn of row.permissionSets) {
      if (other.accounts.has(accountId) && other.permissionSets.has(arn)) continue
      return targetInWords(known, accountId, arn)
    }
  }
  return null
}

function targetInBoth(row: Read, other: Read, known: Known): string | null {
  const accountId = [...row.accounts].find((id) => other.accounts.has(id))
  const arn = [...row.permissionSets].find((id) => other.permissionSets.has(id))
  return accountId === undefined || arn === undefined ? null : targetInWords(known, accountId, arn)
}

function targetInWords({ rules }: Known, accountId: AccountId, arn: PermissionSetArn): string {
  const { accounts, permissionSets } = rules.directory
  return `${accounts.get(accountId)?.name ?? accountId} / ${permissionSets.get(arn)?.name ?? arn}`
}

/** Where approval is needed, and no policy, taken over or made here, says who gives it. */
export function tellUnapproved(
  entries: readonly EligibilityEntry[],
  approvers: readonly ApproverEntry[],
  known: Known,
): void {
  const approved = new Set<AccountId>()
  const taken = approvers.flatMap(({ body }) => (body === null ? [] : [body.targets]))
  const present = known.rules.approverPolicies.filter(({ enabled }) => enabled)
  for (const targets of [...taken, ...present.map((policy) => mutable(policy.targets))]) {
    for (const accountId of accountsOf(targets, known)) approved.add(accountId)
  }
  for (const entry of entries) {
    if (entry.body === null || !entry.body.approvalRequired) continue
    const lacking = [...accountsOf(entry.body.targets, known)].filter((id) => !approved.has(id))
    const [first] = lacking
    if (first === undefined) continue
    const name = known.rules.directory.accounts.get(first)?.name ?? first
    entry.meanings.push({
      code: 'no_approver',
      text: `${counted(lacking.length, 'account')} of it, such as ${name}, ${lacking.length === 1 ? 'has' : 'have'} no approver policy: requests are refused when they are made. The sample’s server let them wait until they expired.`,
    })
  }
}

const mutable = (targets: Known['rules']['approverPolicies'][number]['targets']) => ({
  accounts: [...targets.accounts],
  organizationalUnits: targets.organizationalUnits.map((ou) => ({ ...ou })),
  root: targets.root,
})
