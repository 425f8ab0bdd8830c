/** What differs between the two kinds of policy; all that is done with them is the same. */

import type { z } from 'zod'
import {
  ApproverPolicyBody,
  EligibilityPolicyBody,
  type ApproverPolicy as ShownApproverPolicy,
  type EligibilityPolicy as ShownEligibilityPolicy,
} from '#contract/policy.ts'
import type {
  ApproverPolicy,
  EligibilityPolicy,
  EnabledMembers,
  PolicyTargets,
  WholeDirectory,
} from '#core/facts.ts'
import type { AccountId, GroupId, OuId, PolicyId, UserId } from '#core/ids.ts'
import {
  type ApproverDraft,
  type EligibilityDraft,
  type PolicySettings,
  type PolicyVerdict,
  validateApproverPolicy,
  validateEligibilityPolicy,
} from '#core/policy.ts'
import {
  approverWidening,
  eligibilityWidening,
  type WideningReason,
} from '#core/policy-difference.ts'
import type { PolicyIndex } from '#core/policy-index.ts'
import { approverOverlaps, eligibilityOverlaps } from '#core/policy-overlaps.ts'
import { approverWarnings, eligibilityWarnings, type PolicyWarning } from '#core/policy-warnings.ts'
import type { Settings } from '#core/settings.ts'
import { isArn } from '#core/targets.ts'
import { approverPolicies, eligibilityPolicies, type PolicyStore } from '#server/store/policies.ts'
import type { PolicyKind } from '#server/store/policy-history.ts'
import type { Rules } from '#server/store/rules.ts'
import type { PolicyChange } from './ending-grants.ts'

/** A field and the id that stands in it. */
export interface NamedId {
  readonly kind: 'user' | 'group' | 'account' | 'organizationalUnit' | 'permissionSet'
  readonly id: string
  readonly field: string
}

type Stamps = 'id' | 'version' | 'warnings' | 'updatedBy' | 'updatedAt'

export interface KindOfPolicy<Policy extends { id: PolicyId; version: number }, Body, Shown> {
  readonly kind: PolicyKind
  readonly objectType: 'eligibility-policy' | 'approver-policy'
  readonly store: PolicyStore<Policy>
  /** All of them, as the rules in force have them. */
  all(rules: Rules): readonly Policy[]
  /** What a proposal of before was stored with. */
  readonly body: z.ZodType<Body>
  draftOf(body: Body): Omit<Policy, 'id' | 'version'>
  validate(
    draft: Omit<Policy, 'id' | 'version'>,
    settings: PolicySettings,
  ): PolicyVerdict<Omit<Policy, 'id' | 'version'>>
  policyOf(draft: Omit<Policy, 'id' | 'version'>, stamps: Pick<Policy, 'id' | 'version'>): Policy
  widening(before: Policy | null, after: Policy | null): WideningReason[]
  /** As far as live access rests on it. */
  grants(before: Policy | null, after: Policy | null): PolicyChange
  warnings(policy: Policy, directory: WholeDirectory, settings: Settings): PolicyWarning[]
  /** What other policies, and who can approve, make of it. */
  overlaps(policy: Policy, index: PolicyIndex, members: EnabledMembers): PolicyWarning[]
  namedIds(policy: Omit<Policy, 'id' | 'version'>): NamedId[]
  show(policy: Policy, nameOf: (id: string) => string | null): Omit<Shown, Stamps>
}

type EligibilityInput = z.output<typeof EligibilityPolicyBody>
type ApproverInput = z.output<typeof ApproverPolicyBody>

// The contract's schemas have parsed the ids of a body.

export const eligibilityKind: KindOfPolicy<
  EligibilityPolicy,
  EligibilityInput,
  ShownEligibilityPolicy
> = {
  kind: 'eligibility',
  objectType: 'eligibility-policy',
  store: eligibilityPolicies,
  all: (rules) => rules.eligibilityPolicies,
  body: EligibilityPolicyBody,
  draftOf: (body): EligibilityDraft => ({
    ...body,
    subject:
      body.subject.type === 'user'
        ? { type: 'user', id: body.subject.id as UserId }
        : { type: 'group', id: body.subject.id as GroupId },
    targets: targetsOf(body.targets),
    ticket: body.ticket ?? null,
  }),
  validate: validateEligibilityPolicy,
  policyOf: (draft, stamps) => ({ ...draft, ...stamps }),
  widening: eligibilityWidening,
  grants: (before, after) => ({ before, after }),
  warnings: eligibilityWarnings,
  overlaps: eligibilityOverlaps,
  namedIds: ({ subject, targets, permissionSets }) => [
    { kind: subject.type, id: subject.id, field: 'subject.id' },
    ...idsOfTargets(targets),
    ...idsOfPermissionSets(permissionSets),
  ],
  show: ({ id: _, version: __, ...policy }, nameOf) => ({
    ...policy,
    subject: { ...policy.subject, name: nameOf(policy.subject.id) },
    targets: showTargets(policy.targets),
    permissionSets: [...policy.permissionSets],
  }),
}

export const approverKind: KindOfPolicy<ApproverPolicy, ApproverInput, ShownApproverPolicy> = {
  kind: 'approver',
  objectType: 'approver-policy',
  store: approverPolicies,
  all: (rules) => rules.approverPolicies,
  body: ApproverPolicyBody,
  draftOf: (body): ApproverDraft => ({
    ...body,
    targets: targetsOf(body.targets),
    permissionSets: body.permissionSets ?? null,
    approverGroups: body.approverGroups as GroupId[],
    ticket: body.ticket ?? null,
  }),
  validate: validateApproverPolicy,
  policyOf: (draft, stamps) => ({ ...draft, ...stamps }),
  widening: approverWidening,
  // Who approves says nothing about access that was approved.
  grants: () => ({ before: null, after: null }),
  warnings: (policy, directory) => approverWarnings(policy, directory),
  overlaps: approverOverlaps,
  namedIds: ({ targets, permissionSets, approverGroups }) => [
    ...idsOfTargets(targets),
    ...idsOfPermissionSets(permissionSets ?? []),
    ...approverGroups.map(
      (id, i): NamedId => ({ kind: 'group', id, field: `approverGroups.${i}` }),
    ),
  ],
  show: ({ id: _, version: __, ...policy }) => ({
    ...policy,
    targets: showTargets(policy.targets),
    permissionSets: policy.permissionSets && [...policy.permissionSets],
    approverGroups: [...policy.approverGroups],
  }),
}

function targetsOf(targets: EligibilityInput['targets']): PolicyTargets {
  return {
    accounts: targets.accounts as AccountId[],
    organizationalUnits: targets.organizationalUnits.map(({ id, scope }) => ({
      id: id as OuId,
      scope,
    })),
    root: targets.root,
  }
}

function showTargets(targets: PolicyTargets) {
  return {
    accounts: [...targets.accounts],
    organizationalUnits: targets.organizationalUnits.map((unit) => ({ ...unit })),
    root: targets.root,
  }
}

function idsOfTargets({ accounts, organizationalUnits }: PolicyTargets): NamedId[] {
  return [
    ...accounts.map((id, i): NamedId => ({ kind: 'account', id, field: `targets.accounts.${i}` })),
    ...organizationalUnits.map(
      ({ id }, i): NamedId => ({
        kind: 'organizationalUnit',
        id,
        field: `targets.organizationalUnits.${i}.id`,
      }),
    ),
  ]
}

function idsOfPermissionSets(entries: readonly string[]): NamedId[] {
  return entries.flatMap((id, i): NamedId[] =>
    isArn(id) ? [{ kind: 'permissionSet', id, field: `permissionSets.${i}` }] : [],
  )
}
