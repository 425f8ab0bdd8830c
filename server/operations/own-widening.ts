/** The person's own changes of the last 30 days, held against what they ask for. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Person } from '#core/facts.ts'
import type { PolicyId } from '#core/ids.ts'
import {
  type AskedOnOwn,
  type OwnChanges,
  ownWideningJudge,
  ownWideningSince,
  type Version,
} from '#core/own-widening.ts'
import {
  policyVersionsSinceOwn,
  settingsVersionsSinceOwn,
  type VersionRow,
} from '#server/store/own-changes.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { rolesIn } from './actor.ts'
import { approverKind, eligibilityKind, type KindOfPolicy } from './policy-kinds.ts'

export async function loadOwnWidening(
  db: Kysely<Schema>,
  rules: Rules,
  { person, now }: { readonly person: Person; readonly now: Date },
): Promise<(asked: AskedOnOwn) => boolean> {
  const { userId } = person
  const since = ownWideningSince(now)
  const query = { userId, isAdmin: rolesIn(rules, person).has('admin'), since }
  const subjectIds = [userId, ...person.groupIds]
  const rows = await policyVersionsSinceOwn(db, { ...query, subjectIds })
  const settings = await settingsVersionsSinceOwn(db, query)
  const changes: OwnChanges = {
    eligibility: versionsOf(rows, eligibilityKind),
    approver: versionsOf(rows, approverKind),
    settings,
  }
  return ownWideningJudge({ ...rules, person, changes })
}

function versionsOf<Policy extends { id: PolicyId; version: number }, Body, Shown>(
  rows: readonly VersionRow[],
  kind: KindOfPolicy<Policy, Body, Shown>,
): Map<PolicyId, Version<Policy>[]> {
  const known = new Map<PolicyId, Version<Policy>[]>()
  for (const row of rows) {
    if (row.kind !== kind.kind) continue
    const id = row.policyId as PolicyId
    // Before the first version there was nothing.
    const versions = known.get(id) ?? (row.own ? [{ body: null, own: false }] : [])
    known.set(id, versions)
    versions.push({ body: policyIn(row, kind), own: row.own })
  }
  return known
}

const WithSubject = z.looseObject({ subject: z.object({ type: z.string(), id: z.string() }) })

/** As the version was kept: what the API showed, so a subject has its name beside its id. */
function policyIn<Policy extends { id: PolicyId; version: number }, Body, Shown>(
  { body, policyId, version }: VersionRow,
  kind: KindOfPolicy<Policy, Body, Shown>,
): Policy | null {
  if (body === null) return null
  const plain = WithSubject.safeParse(body).data ?? body
  const parsed = kind.body.safeParse(plain)
  // What cannot be understood any more gives nothing that one could rest a claim on.
  if (!parsed.success) return null
  const stamps = { id: policyId as PolicyId, version } as Pick<Policy, 'id' | 'version'>
  return kind.policyOf(kind.draftOf(parsed.data), stamps)
}
