/** What a change of a policy would do, before it is saved. */
import { z } from 'zod'
import { approverEffects } from '#core/approver-preview.ts'
import { eligibilityEffects } from '#core/eligibility-effects.ts'
import { wideningReasons } from '#core/policy-difference.ts'
import { Instant } from './common.ts'
import { Warning } from './policy.ts'

const Named = z.object({ id: z.string(), name: z.string() })

/** The count is exact; the items are the first of them. */
const CountedNames = z
  .object({ count: z.int(), items: z.array(Named) })
  .meta({ id: 'CountedNames' })

const PeopleShown = z
  .object({
    count: z.int(),
    items: z.array(z.object({ userId: z.string(), userName: z.string(), displayName: z.string() })),
  })
  .meta({ id: 'PeopleShown' })
export type PeopleShown = z.infer<typeof PeopleShown>

export const EndingGrant = z
  .object({
    requestId: z.string(),
    userId: z.string(),
    userName: z.string(),
    displayName: z.string(),
    accountId: z.string(),
    accountName: z.string(),
    permissionSetArn: z.string(),
    permissionSetName: z.string(),
    endsAt: Instant.nullable(),
  })
  .meta({ id: 'EndingGrant' })
export type EndingGrant = z.infer<typeof EndingGrant>

/** What the draft matches as the directory stands. */
export const PolicyMatches = z
  .object({
    accounts: CountedNames,
    permissionSets: CountedNames,
    organizationalUnits: z.array(
      z.object({ id: z.string(), scope: z.enum(['children', 'subtree']), accounts: z.int() }),
    ),
    patterns: z.array(z.object({ pattern: z.string(), sets: CountedNames })),
  })
  .meta({ id: 'PolicyMatches' })
export type PolicyMatches = z.infer<typeof PolicyMatches>

const Terms = z
  .object({
    maxDurationMinutes: z.int(),
    approvalRequired: z.boolean(),
    ticketRequired: z.boolean(),
    justificationRequired: z.boolean(),
    breakGlass: z.boolean(),
    breakGlassMaxDurationMinutes: z.int().nullable(),
  })
  .meta({ id: 'PolicyTerms' })
export type PolicyTerms = z.infer<typeof Terms>

const common = {
  /** Null: it is deleted. */
  matches: PolicyMatches.nullable(),
  /** Why this widens access; empty: it does not. */
  widens: z.array(z.enum(wideningReasons)),
  warnings: z.array(Warning),
  groupCount: z.int(),
}

export const EligibilityPreview = z
  .object({
    ...common,
    people: z.int(),
    /** Less than `people`: it was cut at a limit, and totals and groups are at least. */
    peopleCompared: z.int(),
    totals: z.array(
      z.object({ effect: z.enum(eligibilityEffects), people: z.int(), keys: z.int() }),
    ),
    groups: z.array(
      z.object({
        effects: z.array(z.enum(eligibilityEffects)),
        people: PeopleShown,
        accounts: CountedNames,
        permissionSets: CountedNames,
        before: Terms.nullable(),
        after: Terms.nullable(),
      }),
    ),
    ending: z.object({ count: z.int(), items: z.array(EndingGrant) }),
  })
  .meta({ id: 'EligibilityPreview' })
export type EligibilityPreview = z.infer<typeof EligibilityPreview>

const ApproverSide = z
  .object({
    approverCount: z.int(),
    approvalsRequired: z.int(),
    exclusive: z.boolean(),
    tooFew: z.object({ needed: z.int(), available: z.int() }).nullable(),
  })
  .meta({ id: 'ApproverSide' })

export const ApproverPreview = z
  .object({
    ...common,
    accounts: z.int(),
    /** Less than `accounts`: it was cut at a limit, and totals and groups are at least. */
    accountsCompared: z.int(),
    totals: z.array(z.object({ effect: z.enum(approverEffects), targets: z.int() })),
    groups: z.array(
      z.object({
        effects: z.array(z.enum(approverEffects)),
        accounts: CountedNames,
        permissionSets: CountedNames,
        before: ApproverSide,
        after: ApproverSide,
      }),
    ),
    approverGroups: z.array(
      z.object({ id: z.string(), name: z.string().nullable(), members: z.int() }),
    ),
    gaining: PeopleShown,
    losing: PeopleShown,
    /** Policies that count no longer, for this one is exclusive. */
    setAside: z.array(
      z.object({ policyId: z.string(), approverGroups: z.array(z.string()), targets: z.int() }),
    ),
  })
  .meta({ id: 'ApproverPreview' })
export type ApproverPreview = z.infer<typeof ApproverPreview>
