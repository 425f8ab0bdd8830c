/**
 * Live access that a change of a policy would end, for nobody may end others' access unawares (the
 * domain's "Eligibility": refused with their list until repeated with `confirmEnding: n`).
 */
import type { Kysely } from 'kysely'
import type { EndingGrant } from '#contract/policy-preview.ts'
import { decideEligibility } from '#core/eligibility.ts'
import type { EligibilityPolicy, Person } from '#core/facts.ts'
import { refusal } from '#core/refusals.ts'
import type { Change } from '#server/store/change.ts'
import { type LiveGrant, liveGrants } from '#server/store/live-grants.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadRequests, type StoredRequest } from '#server/store/requests.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { Refused, titleOf } from './refused.ts'
import { inWords } from './words.ts'

/** One policy before and after; null: there is none. */
export interface PolicyChange {
  readonly before: EligibilityPolicy | null
  readonly after: EligibilityPolicy | null
}

export async function grantsEndedBy(
  db: Kysely<Schema>,
  rules: Rules,
  change: PolicyChange,
): Promise<LiveGrant[]> {
  // Only what a policy gave can it take.
  if (!change.before?.enabled || !rules.settings.endOnLostEligibility) return []
  const grants = (await liveGrants(db)).filter(({ spared }) => !spared)
  const people = await loadPeople(db, [...new Set(grants.map(({ userId }) => userId))])
  return grants.filter((grant) => {
    const person = people.get(grant.userId)
    return person !== undefined && endsBy(rules, change, grant, person)
  })
}

function endsBy(
  { evaluator, settings }: Rules,
  { before, after }: PolicyChange,
  { target, breakGlass }: LiveGrant,
  person: Person,
): boolean {
  const decision = evaluator.eligibility(person, target, { breakGlass })
  if (!decision.eligible) return false
  // Those that count come first, so whether another one counts beside it is always among them.
  const counting = decision.explanation.policies.filter(({ counts }) => counts)
  if (counting.some(({ policyId }) => policyId !== before?.id)) return false
  const left = after === null ? [] : [after]
  const asked = evaluator.asked(target)
  return !decideEligibility(person, asked, left, settings, { breakGlass }).eligible
}

export interface EndingShown {
  readonly count: number
  readonly items: EndingGrant[]
}

const listedMax = 200

/** The first of them, with names. */
export async function showEnding(
  db: Kysely<Schema>,
  ending: readonly LiveGrant[],
): Promise<EndingShown> {
  const ids = ending.slice(0, listedMax).map(({ requestId }) => requestId)
  return { count: ending.length, items: (await loadRequests(db, ids)).map(showGrant) }
}

export async function refuseUnlessConfirmed(
  c: Change,
  ending: readonly LiveGrant[],
  confirmed: number | null,
): Promise<void> {
  if (ending.length === 0 || ending.length === confirmed) return
  const refused = refusal('ends_live_grants', { count: ending.length, confirmed }, 'confirmEnding')
  const { items: grants } = await showEnding(c.tx, ending)
  const message = inWords(refused)
  throw new Refused('ends_live_grants', {
    detail: `${titleOf('ends_live_grants')}. ${message}`,
    params: { ...refused.params, grants },
    errors: [{ field: 'confirmEnding', code: refused.code, message }],
  })
}

function showGrant(request: StoredRequest): EndingGrant {
  const { requester, target, accountName, permissionSetName, grant } = request
  return {
    requestId: request.id,
    userId: requester.userId,
    userName: requester.userName,
    displayName: requester.displayName,
    ...target,
    accountName,
    permissionSetName,
    endsAt: grant?.endsAt?.toISOString() ?? null,
  }
}
