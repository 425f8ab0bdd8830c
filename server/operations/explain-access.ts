/**
 * Why somebody may, or may not, ask for a target, for those who look after the policies: the
 * decision itself, every policy that comes near it and what of it fits, and who could approve and
 * why. The same evaluator as the decision's; AWS is not asked.
 */
import type {
  AccessExplanation,
  AccessGroup,
  ApproverPolicyVerdict,
  PolicyVerdict,
} from '#contract/access.ts'
import type { ApprovalBasis } from '#core/approval.ts'
import { type AskedFor, namesPerson } from '#core/eligibility.ts'
import type { ApproverPolicy, EligibilityPolicy, Person } from '#core/facts.ts'
import { type GroupId, keyText, type PolicyId, type Target, type UserId } from '#core/ids.ts'
import { decideSubmission, type Submission } from '#core/submission.ts'
import { coveredBy, namedBy } from '#core/targets.ts'
import { groupNames } from '#server/store/directory-people.ts'
import { loadPeople, loadPerson } from '#server/store/people.ts'
import type { Rules } from '#server/store/rules.ts'
import { showPerson } from './access-rows.ts'
import type { Looks } from './look-at-target.ts'
import { refusalsOnAll, showVerdict } from './preview-request.ts'
import type { ReadPorts } from './read-request.ts'
import { Refused } from './refused.ts'
import { factsOf } from './submit-request.ts'

export interface ExplainPorts extends ReadPorts {
  readonly looks: Pick<Looks, 'asLastSeen'>
}

const shownMax = 100

export async function explainAccess(
  ports: ExplainPorts,
  { userId, target }: { readonly userId: UserId; readonly target: Target },
): Promise<AccessExplanation> {
  const rules = await ports.rules.load(ports.db)
  const person = await loadPerson(ports.db, userId)
  if (person === null) throw new Refused('not_found')
  const asked = rules.evaluator.asked(target)
  const seen = await ports.looks.asLastSeen(person, target)
  const now = await ports.clock.now()
  const held = new Map([[keyText({ userId, ...target }), seen.held]])
  const submission = shortest(target)
  const judging = { rules, person, now, held, via: 'session', submission } as const
  const facts = await factsOf(ports.db, judging)
  const verdict = decideSubmission({ ...facts, purpose: 'preview' }, submission)
  const [decided] = verdict.targets
  if (decided === undefined) throw new Error('A submission of one target was not decided on')
  const decision = showVerdict(decided, refusalsOnAll(verdict, submission)[0] ?? null)
  const groupName = await groupNames(ports.db)
  const near = nearPolicies(rules, person, asked)
  const counting = new Set<PolicyId>(
    decided.explanation.policies.filter((one) => one.counts).map((one) => one.policyId),
  )
  const basis = rules.evaluator.approval(target, userId)
  const approverVerdicts = judgeApproverPolicies(rules, asked, { basis, groupName })
  return {
    person: showPerson(person),
    account: asked.account && { accountId: target.accountId, name: asked.account.name },
    permissionSet: asked.permissionSet && {
      permissionSetArn: target.permissionSetArn,
      name: asked.permissionSet.name,
    },
    decision,
    policies: await showPolicies(ports, near, { person, counting, groupName }),
    policyCount: near.length,
    policiesTotal: rules.eligibilityPolicies.length,
    approverPolicies: approverVerdicts.slice(0, shownMax),
    approverPolicyCount: approverVerdicts.length,
    approvers: await showApprovers(ports, rules, { basis, groupName }),
    approverCount: basis.approvers.size,
    requesterIsApprover: wouldApprove(rules, basis, person),
    readAt: seen.lookedAt?.toISOString() ?? null,
  }
}

function shortest(target: Target): Submission {
  const words = { justification: '', ticket: null, breakGlass: false }
  return { targets: [target], startsAt: null, durationMinutes: 1, ...words }
}

interface Near {
  readonly policy: EligibilityPolicy
  readonly subject: boolean
  readonly account: boolean
  readonly permissionSet: boolean
}

/** Those that name the person, and those that would fit if they did. */
function nearPolicies(rules: Rules, person: Person, { account, permissionSet }: AskedFor): Near[] {
  return rules.eligibilityPolicies
    .map((policy) => ({
      policy,
      subject: namesPerson(policy, person),
      account: account !== null && coveredBy(policy.targets, account) !== null,
      permissionSet:
        permissionSet !== null && namedBy(policy.permissionSets, permissionSet) !== null,
    }))
    .filter((one) => one.subject || (one.account && one.permissionSet))
}

interface Showing {
  readonly person: Person
  readonly counting: ReadonlySet<PolicyId>
  readonly groupName: (groupId: GroupId) => string
}

async function showPolicies(
  { db }: ExplainPorts,
  near: readonly Near[],
  { counting, groupName }: Showing,
): Promise<PolicyVerdict[]> {
  const nearness = (one: Near) =>
    Number(counting.has(one.policy.id)) * 8 +
    Number(one.subject) * 4 +
    Number(one.account) +
    Number(one.permissionSet)
  const shown = near.toSorted((a, b) => nearness(b) - nearness(a)).slice(0, shownMax)
  const userIds = shown.flatMap(({ policy: { subject } }) =>
    subject.type === 'user' ? [subject.id] : [],
  )
  const people = await loadPeople(db, userIds)
  const nameOf = ({ subject }: EligibilityPolicy) =>
    subject.type === 'user'
      ? (people.get(subject.id)?.displayName ?? subject.id)
      : groupName(subject.id)
  return shown.map(({ policy, subject, account, permissionSet }) => ({
    policyId: policy.id,
    enabled: policy.enabled,
    subject: { ...policy.subject, name: nameOf(policy) },
    subjectMatches: subject,
    accountMatches: account,
    permissionSetMatches: permissionSet,
    counts: counting.has(policy.id),
    maxDurationMinutes: policy.maxDurationMinutes,
    approvalRequired: policy.approvalRequired,
    ticketRequired: policy.ticketRequired,
    justificationRequired: policy.justificationRequired,
    breakGlass: policy.breakGlass,
  }))
}

interface Approving {
  readonly basis: ApprovalBasis
  readonly groupName: (groupId: GroupId) => string
}

/** Those that cover the account; the ones that decide first. */
function judgeApproverPolicies(
  rules: Rules,
  { account, permissionSet }: AskedFor,
  { basis, groupName }: Approving,
): ApproverPolicyVerdict[] {
  const quorums = new Map(basis.quorums.map((quorum) => [quorum.policyId, quorum]))
  const names = ({ permissionSets }: ApproverPolicy) =>
    permissionSet !== null &&
    (permissionSets === null || namedBy(permissionSets, permissionSet) !== null)
  return rules.approverPolicies
    .filter((policy) => account !== null && coveredBy(policy.targets, account) !== null)
    .map((policy): ApproverPolicyVerdict => {
      const quorum = quorums.get(policy.id)
      const permissionSetMatches = names(policy)
      return {
        policyId: policy.id,
        enabled: policy.enabled,
        accountMatches: true,
        permissionSetMatches,
        exclusive: policy.exclusive,
        counts: quorum !== undefined,
        pushedAside: policy.enabled && permissionSetMatches && quorum === undefined,
        approvalsRequired: policy.approvalsRequired,
        able: quorum?.able.size ?? 0,
        groups: policy.approverGroups
          .slice(0, shownMax)
          .map((groupId) => group(groupId, groupName)),
      }
    })
    .toSorted(
      (a, b) =>
        Number(b.counts) - Number(a.counts) ||
        Number(b.permissionSetMatches) - Number(a.permissionSetMatches),
    )
}

function group(groupId: GroupId, groupName: (groupId: GroupId) => string): AccessGroup {
  return { groupId, displayName: groupName(groupId) }
}

function groupsThatDecide(rules: Rules, basis: ApprovalBasis): ReadonlySet<GroupId> {
  const kept = new Set(basis.quorums.map(({ policyId }) => policyId))
  return new Set(
    rules.approverPolicies.filter(({ id }) => kept.has(id)).flatMap((one) => one.approverGroups),
  )
}

async function showApprovers(
  { db }: ExplainPorts,
  rules: Rules,
  { basis, groupName }: Approving,
): Promise<AccessExplanation['approvers']> {
  const groupIds = groupsThatDecide(rules, basis)
  const people = await loadPeople(db, [...basis.approvers].slice(0, shownMax))
  return [...people.values()]
    .toSorted((a, b) => a.displayName.localeCompare(b.displayName, 'en'))
    .map((person) => ({
      ...showPerson(person),
      groups: [...person.groupIds.intersection(groupIds)].map((groupId) =>
        group(groupId, groupName),
      ),
    }))
}

function wouldApprove(rules: Rules, basis: ApprovalBasis, { enabled, groupIds }: Person): boolean {
  return enabled && !groupIds.isDisjointFrom(groupsThatDecide(rules, basis))
}
