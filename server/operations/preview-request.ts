/** The answer that a submission would get, without waiting for AWS and without writing anything. */
import type { Explanation, Preview, TargetPreview } from '#contract/request.ts'
import { firstOf } from '#core/approvers.ts'
import type { Explanation as Explained, Won } from '#core/eligibility.ts'
import { keyText } from '#core/ids.ts'
import type { Refusal } from '#core/refusals.ts'
import {
  decideSubmission,
  type Held,
  type Submission,
  type SubmissionVerdict,
  type TargetVerdict,
  targetsPerSubmissionMax,
} from '#core/submission.ts'
import { sessionsMayLiveUntil } from '#core/window.ts'
import { loadPeople } from '#server/store/people.ts'
import type { Rules } from '#server/store/rules.ts'
import { type Actor, rulesFor } from './actor.ts'
import type { Looks } from './look-at-target.ts'
import type { ReadPorts } from './read-request.ts'
import { factsOf, viaOf } from './submit-request.ts'
import { refusedForAll } from './words.ts'

export interface PreviewPorts extends ReadPorts {
  readonly looks: Pick<Looks, 'heldOrQueue'>
}

export async function previewRequest(
  ports: PreviewPorts,
  actor: Actor,
  submission: Submission,
): Promise<Preview> {
  const { person } = actor
  const rules = await rulesFor(ports, actor)
  const now = await ports.clock.now()
  const held = await heldOf(ports, rules, actor, submission)
  const judging = { rules, person, now, held, via: viaOf(actor), submission }
  const facts = await factsOf(ports.db, judging)
  const verdict = decideSubmission({ ...facts, purpose: 'preview' }, submission)
  if (verdict.targets.length === 0) throw refusedForAll(verdict.refusals)
  const refusals = refusalsOnAll(verdict, submission)
  const names = await approverNames(ports.db, verdict)
  return {
    targets: verdict.targets.map((target) => ({
      ...showVerdict(target, refusals[0] ?? null),
      approverNames: names(target),
    })),
    problems: refusals.flatMap(({ field, code, params }) =>
      field === null ? [] : [{ field, code, params: { ...params } }],
    ),
  }
}

/** Only where they may ask: a preview of what is refused anyhow costs no call to AWS. */
async function heldOf(
  ports: PreviewPorts,
  rules: Rules,
  { person }: Actor,
  { targets, breakGlass }: Submission,
): Promise<ReadonlyMap<string, Held>> {
  const eligible = targets
    .slice(0, targetsPerSubmissionMax)
    .filter((target) => rules.evaluator.eligibility(person, target, { breakGlass }).eligible)
  const held = await ports.looks.heldOrQueue(person, eligible)
  return new Map(
    eligible.map((target, at) => [
      keyText({ userId: person.userId, ...target }),
      held[at] ?? 'unknown',
    ]),
  )
}

/** What nobody has typed yet is not held against the targets: the form asks for it when it is sent. */
export function refusalsOnAll({ refusals }: SubmissionVerdict, submission: Submission): Refusal[] {
  const untyped = [
    ...(submission.justification.trim() === '' ? ['justification'] : []),
    ...(submission.ticket === null || submission.ticket.trim() === '' ? ['ticket'] : []),
  ]
  return refusals.filter(({ field }) => field === null || !untyped.includes(field))
}

const namesShownMax = 5

/** One query, however many targets there are. */
async function approverNames(db: ReadPorts['db'], { targets }: SubmissionVerdict) {
  const shown = new Map(
    targets
      .filter(({ approvalsRequired }) => approvalsRequired > 0)
      .map((verdict) => [verdict, firstOf(verdict.approverIds, namesShownMax)]),
  )
  const people = await loadPeople(db, [...new Set([...shown.values()].flat())])
  return (verdict: TargetVerdict): string[] =>
    (shown.get(verdict) ?? []).flatMap((id) => people.get(id)?.displayName ?? [])
}

export function showVerdict(
  verdict: TargetVerdict,
  onAll: Refusal | null,
): Omit<TargetPreview, 'approverNames'> {
  const refused = verdict.refusal ?? onAll
  const { endsAbout, permissionSet } = verdict
  const until = endsAbout && sessionsMayLiveUntil(endsAbout, permissionSet?.sessionMinutes ?? null)
  return {
    ...verdict.target,
    allowed: refused === null,
    ...(refused && { code: refused.code, params: { ...refused.params } }),
    explanation: explain(verdict.explanation),
    held: verdict.held,
    approvalRequired: verdict.approvalsRequired > 0,
    approvalsRequired: verdict.approvalsRequired,
    approverCount: verdict.approverCount,
    endsAbout: endsAbout?.toISOString() ?? null,
    sessionsMayLiveUntil: until?.toISOString() ?? null,
  }
}

function explain(explained: Explained): Explanation {
  const { policies, failed, won, policyCount, outOfReach, nearMisses } = explained
  return {
    policies: policies.map((policy) => ({
      policyId: policy.policyId,
      subject: true,
      account: policy.accountMatches,
      permissionSet: policy.permissionSetMatches,
      counts: policy.counts,
      maxDurationMinutes: policy.maxDurationMinutes,
      approvalRequired: policy.approvalRequired,
      ticketRequired: policy.ticketRequired,
      justificationRequired: policy.justificationRequired,
      breakGlass: policy.breakGlass,
    })),
    policyCount,
    failedPart: failed,
    outOfReach,
    nearMisses: [...nearMisses],
    won: won && {
      maxDurationMinutes: shownWin(won.maxDurationMinutes),
      approvalRequired: shownWin(won.approvalRequired),
      ticketRequired: shownWin(won.ticketRequired),
      justificationRequired: shownWin(won.justificationRequired),
    },
    maxDurationMinutes: won?.maxDurationMinutes.value ?? null,
    approvalRequired: won?.approvalRequired.value ?? null,
    ownWidening: won?.approvalRequired.otherwise === 'own_widening',
    ticketRequired: won?.ticketRequired.value ?? null,
    justificationRequired: won?.justificationRequired.value ?? null,
  }
}

function shownWin<Value>({ value, policyIds, otherwise }: Won<Value>) {
  return { value, policyIds: [...policyIds], otherwise }
}
