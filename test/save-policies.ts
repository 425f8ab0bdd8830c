/** Policies saved without a route, as the routes save them. */
import type { z } from 'zod'
import type { ApproverPolicyBody, EligibilityPolicyBody } from '#contract/policy.ts'
import type { Actor } from '#server/operations/actor.ts'
import { approverKind, eligibilityKind } from '#server/operations/policy-kinds.ts'
import {
  createPolicy,
  deletePolicy,
  type PolicyChanged,
  type PolicyVersionNamed,
  type SavePolicyPorts,
  updatePolicy,
} from '#server/operations/save-policy.ts'

type ApproverBody = z.output<typeof ApproverPolicyBody>
type EligibilityBody = z.output<typeof EligibilityPolicyBody>

export function createApproverPolicy(
  ports: SavePolicyPorts,
  input: { actor: Actor; body: ApproverBody },
): Promise<PolicyChanged> {
  return createPolicy(ports, approverKind, input)
}

export function createEligibilityPolicy(
  ports: SavePolicyPorts,
  input: { actor: Actor; body: EligibilityBody },
): Promise<PolicyChanged> {
  return createPolicy(ports, eligibilityKind, input)
}

export function updateEligibilityPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed & { body: EligibilityBody },
): Promise<PolicyChanged> {
  return updatePolicy(ports, eligibilityKind, input)
}

export function deleteEligibilityPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed,
): Promise<PolicyChanged> {
  return deletePolicy(ports, eligibilityKind, input)
}
