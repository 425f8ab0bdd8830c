/** What a change of a policy would do: the evaluator's own comparison, with names. Writes nothing. */
import type { Kysely } from 'kysely'
import type { z } from 'zod'
import type { ApproverPreviewBody, EligibilityPreviewBody } from '#contract/policy.ts'
import type {
  ApproverPreview,
  EligibilityPreview,
  PeopleShown,
  PolicyMatches,
} from '#contract/policy-preview.ts'
import { type ApproverSide, compareApprovers } from '#core/approver-preview.ts'
import { compareEligibility, reachOfChange } from '#core/eligibility-preview.ts'
import type { Account, ApproverPolicy, EligibilityPolicy, PermissionSet } from '#core/facts.ts'
import type { GroupId, PolicyId, UserId } from '#core/ids.ts'
import { firstIn } from '#core/masks.ts'
import type { Matched } from '#core/policy-index.ts'
import { type Counted, type PolicyMatches as Matches, matchesOf } from '#core/policy-matches.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { describeUsers } from '#server/store/people.ts'
import { loadPeopleClasses } from '#server/store/people-classes.ts'
import { type Rules, type RulesStore, readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { grantsEndedBy, showEnding } from './ending-grants.ts'
import { approverKind, eligibilityKind, type KindOfPolicy } from './policy-kinds.ts'
import { noSuchPolicy, warningsOf } from './read-policies.ts'
import { validDraft } from './save-policy.ts'

export interface PreviewPolicyPorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
}

/** As many as are named; counts are of all. */
const groupsShownMax = 50
const namesShownMax = 5
const matchesShownMax = 20
const peopleShownMax = 20

/** Stands for the policy that is not saved yet. */
const draftId = '00000000-0000-0000-0000-000000000000' as PolicyId

type AnyPolicy = { id: PolicyId; version: number }

type Named<Body> =
  | { readonly deletes: string; readonly replaces?: undefined; readonly body?: undefined }
  | {
      readonly deletes?: undefined
      readonly replaces: string | undefined
      readonly body: Body
    }

function namedIn<Body extends object>(
  input: (Body & { replaces?: string | undefined }) | { deletes: string },
) {
  if ('deletes' in input) return { deletes: input.deletes }
  const { replaces, ...body } = input
  return { replaces, body }
}

async function endsOf<Policy extends AnyPolicy, Body, Shown>(
  ports: PreviewPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { deletes, replaces, body }: Named<Body>,
): Promise<{ before: Policy | null; after: Policy | null }> {
  if (deletes !== undefined) return { before: await present(ports, kind, deletes), after: null }
  const before = replaces === undefined ? null : await present(ports, kind, replaces)
  const rules = await ports.rules.load(ports.db)
  const draft = await validDraft(ports.db, { kind, body, before, rules })
  const { id, version } = before ?? { id: draftId, version: 0 }
  return { before, after: kind.policyOf(draft, { id, version }) }
}

async function present<Policy extends AnyPolicy, Body, Shown>(
  { db }: PreviewPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  id: string,
): Promise<Policy> {
  const stored = await kind.store.get(db, id)
  if (stored === null) throw noSuchPolicy()
  return stored.policy
}

export async function previewEligibility(
  ports: PreviewPolicyPorts,
  input: z.output<typeof EligibilityPreviewBody>,
): Promise<EligibilityPreview> {
  const { db } = ports
  const change = await endsOf(ports, eligibilityKind, namedIn(input))
  const rules = await ports.rules.load(db)
  const reach = reachOfChange(rules.index, change)
  const wanted = { named: reach.named, others: reach.others.keys() }
  const classes = reach.named.length === 0 ? [] : await loadPeopleClasses(db, wanted)
  const compared = compareEligibility(reach, classes, rules.settings)
  const groups = compared.groups.slice(0, groupsShownMax)
  const idsOf = (positions: readonly number[]) =>
    positions
      .slice(0, namesShownMax)
      .flatMap((at) => classes[at]?.userIds ?? [])
      .slice(0, namesShownMax)
  const nameUsers = await describeUsers(
    db,
    groups.flatMap((group) => idsOf(group.classes)),
  )
  return {
    ...(await whatItIs(ports, rules, eligibilityKind, change)),
    groupCount: compared.groups.length,
    people: compared.people,
    peopleCompared: compared.peopleCompared,
    totals: compared.totals.map((total) => ({ ...total })),
    groups: groups.map((group) => ({
      effects: [...group.effects],
      people: { count: group.people, items: idsOf(group.classes).map(nameUsers) },
      ...namesIn(rules, group, group),
      before: group.before && { ...group.before },
      after: group.after && { ...group.after },
    })),
    ending: await showEnding(db, await grantsEndedBy(db, rules, change)),
  }
}

export async function previewApprovers(
  ports: PreviewPolicyPorts,
  input: z.output<typeof ApproverPreviewBody>,
): Promise<ApproverPreview> {
  const { db } = ports
  const change = await endsOf(ports, approverKind, namedIn(input))
  const rules = await ports.rules.load(db)
  const groupIds = change.after?.approverGroups ?? []
  const more = await readEnabledMembers(db, [...groupIds, ...(change.before?.approverGroups ?? [])])
  const members = new Map([...rules.directory.enabledMembers, ...more])
  const compared = compareApprovers(rules.index, change, members)
  const gaining = [...compared.gaining].toSorted()
  const losing = [...compared.losing].toSorted()
  const named = [...gaining.slice(0, peopleShownMax), ...losing.slice(0, peopleShownMax)]
  const nameUsers = await describeUsers(db, named)
  const show = (people: readonly UserId[]): PeopleShown => ({
    count: people.length,
    items: people.slice(0, peopleShownMax).map(nameUsers),
  })
  const { nameOf } = await loadExcerpt(db, { userIds: [], groupIds, ouIds: [] })
  const whatItIsNow = await whatItIs(ports, rules, approverKind, change)
  // A warning knows the policies as they are; where people lack with the change, its effects say.
  const isStale = (code: string) => code === 'too_few_approvers' && compared.totals.length > 0
  return {
    ...whatItIsNow,
    warnings: whatItIsNow.warnings.filter(({ code }) => !isStale(code)),
    groupCount: compared.groups.length,
    accounts: compared.accounts,
    accountsCompared: compared.accountsCompared,
    totals: compared.totals.map((total) => ({ ...total })),
    groups: compared.groups.slice(0, groupsShownMax).map((group) => ({
      effects: [...group.effects],
      ...namesIn(rules, group, group),
      before: showSide(group.before),
      after: showSide(group.after),
    })),
    approverGroups: groupIds.map((id) => memberCount(id, nameOf(id), members)),
    gaining: show(gaining),
    losing: show(losing),
    setAside: showSetAside(rules, compared.setAside),
  }
}

/** The parts that both kinds have. */
async function whatItIs<
  Policy extends AnyPolicy & (EligibilityPolicy | ApproverPolicy),
  Body,
  Shown,
>(
  ports: PreviewPolicyPorts,
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { before, after }: { before: Policy | null; after: Policy | null },
) {
  return {
    matches: after && showMatches(matchesOf(rules.index, after, matchesShownMax)),
    widens: kind.widening(before, after),
    warnings: after ? await warningsOf(ports.db, rules, kind, after) : [],
  }
}

function memberCount(
  id: GroupId,
  name: string | null,
  members: ReadonlyMap<GroupId, ReadonlySet<UserId>>,
) {
  return { id, name, members: members.get(id)?.size ?? 0 }
}

function showSide(side: ApproverSide) {
  return {
    approverCount: side.approvers.size,
    approvalsRequired: side.approvalsRequired,
    exclusive: side.exclusive,
    tooFew: side.tooFew && { ...side.tooFew },
  }
}

function showSetAside({ approverPolicies }: Rules, setAside: ReadonlyMap<PolicyId, number>) {
  const groupsOf = new Map(approverPolicies.map((one) => [one.id, one.approverGroups]))
  return [...setAside].slice(0, groupsShownMax).map(([policyId, targets]) => ({
    policyId,
    approverGroups: [...(groupsOf.get(policyId) ?? [])],
    targets,
  }))
}

function namesIn(
  { index: { numbered } }: Rules,
  matched: Matched,
  counts: { readonly accountCount: number; readonly permissionSetCount: number },
) {
  return {
    accounts: {
      count: counts.accountCount,
      items: firstIn(numbered.accounts, matched.accounts, namesShownMax).map(nameAccount),
    },
    permissionSets: {
      count: counts.permissionSetCount,
      items: firstIn(numbered.permissionSets, matched.permissionSets, namesShownMax).map(nameSet),
    },
  }
}

const nameAccount = ({ accountId, name }: Account) => ({ id: accountId as string, name })
const nameSet = ({ permissionSetArn, name }: PermissionSet) => ({
  id: permissionSetArn as string,
  name,
})

function showMatches(matches: Matches): PolicyMatches {
  const sets = ({ count, items }: Counted<PermissionSet>) => ({ count, items: items.map(nameSet) })
  const { accounts, permissionSets, organizationalUnits, patterns } = matches
  return {
    accounts: { count: accounts.count, items: accounts.items.map(nameAccount) },
    permissionSets: sets(permissionSets),
    organizationalUnits: organizationalUnits.map((unit) => ({ ...unit })),
    patterns: patterns.map((one) => ({ pattern: one.pattern, sets: sets(one.sets) })),
  }
}
