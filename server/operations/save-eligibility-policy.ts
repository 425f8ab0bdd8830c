import type { z } from 'zod'
import type { EligibilityPolicyBody } from '#contract/policy.ts'
import type { Actor } from './actor.ts'
import { eligibilityKind } from './policy-kinds.ts'
import {
  createPolicy,
  deletePolicy,
  type PolicyChanged,
  type PolicyVersionNamed,
  type SavePolicyPorts,
  updatePolicy,
} from './save-policy.ts'

type Body = z.output<typeof EligibilityPolicyBody>

export function createEligibilityPolicy(
  ports: SavePolicyPorts,
  input: { actor: Actor; body: Body },
): Promise<PolicyChanged> {
  return createPolicy(ports, eligibilityKind, input)
}

export function updateEligibilityPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed & { body: Body },
): Promise<PolicyChanged> {
  return updatePolicy(ports, eligibilityKind, input)
}

export function deleteEligibilityPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed,
): Promise<PolicyChanged> {
  return deletePolicy(ports, eligibilityKind, input)
}
