/** One submission that is in order, and how it differs from case to case. Tests only. */
import { plainEvaluator } from './evaluator.ts'
import type { ApproverPolicy, EligibilityPolicy } from './facts.ts'
import { keyText, type Target } from './ids.ts'
import { defaultSettings } from './settings.ts'
import { decideSubmission, type Held, type Submission, type SubmissionFacts } from './submission.ts'
import {
  account,
  accountId,
  approverPolicy,
  arnOf,
  directoryOf,
  eligibilityPolicy,
  members,
  permissionSet,
  person,
  userId,
} from './world.fixture.ts'

export const now = new Date('2026-11-24T09:00:00Z')
const ann = person('ann')
export const directory = directoryOf(
  [
    account(1, ['r-root']),
    account(2, ['r-root']),
    account(3, ['r-root'], { state: 'SUSPENDED' }),
    ...Array.from({ length: 30 }, (_, i) => account(100 + i, ['r-root'])),
  ],
  [permissionSet('ReadOnly'), permissionSet('Admin')],
  members({ approvers: ['ann', 'bob', 'cho'] }),
)
export const target = (number: number, set = 'ReadOnly'): Target => ({
  accountId: accountId(number),
  permissionSetArn: arnOf(set),
})
export const key = (one: Target) => keyText({ userId: userId('ann'), ...one })

export interface Given {
  eligibility?: EligibilityPolicy[]
  approver?: ApproverPolicy[]
  settings?: Partial<typeof defaultSettings>
  facts?: Partial<SubmissionFacts>
  submission?: Partial<Submission>
}

export function decide({ eligibility, approver, settings: some, facts, submission }: Given = {}) {
  const settings = { ...defaultSettings, ...some }
  const held = new Map<string, Held>(
    [...directory.accounts.keys()].flatMap((id) =>
      [...directory.permissionSets.keys()].map((permissionSetArn): [string, Held] => [
        key({ accountId: id, permissionSetArn }),
        'none',
      ]),
    ),
  )
  const verdict = decideSubmission(
    {
      purpose: 'submission',
      via: 'session',
      now,
      requester: ann,
      settings,
      evaluator: plainEvaluator({
        eligibilityPolicies: eligibility ?? [eligibilityPolicy('e', { maxDurationMinutes: 120 })],
        approverPolicies: approver ?? [approverPolicy('a')],
        directory,
        settings,
      }),
      pending: new Map(),
      held,
      reviewOverdue: false,
      ownWidening: new Set(),
      extending: null,
      ...facts,
    },
    {
      targets: [target(1)],
      startsAt: null,
      durationMinutes: 60,
      justification: '「障害対応」のため',
      ticket: null,
      breakGlass: false,
      ...submission,
    },
  )
  const codes = [
    ...verdict.refusals,
    ...verdict.targets.map((one) => one.refusal).filter((one) => one !== null),
  ].map(({ code, field }) => `${code} ${field}`)
  return { ...verdict, codes }
}
