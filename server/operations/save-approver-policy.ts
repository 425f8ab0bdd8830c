import type { z } from 'zod'
import type { ApproverPolicyBody } from '#contract/policy.ts'
import type { Actor } from './actor.ts'
import { approverKind } from './policy-kinds.ts'
import {
  createPolicy,
  deletePolicy,
  type PolicyChanged,
  type PolicyVersionNamed,
  type SavePolicyPorts,
  updatePolicy,
} from './save-policy.ts'

type Body = z.output<typeof ApproverPolicyBody>

export function createApproverPolicy(
  ports: SavePolicyPorts,
  input: { actor: Actor; body: Body },
): Promise<PolicyChanged> {
  return createPolicy(ports, approverKind, input)
}

export function updateApproverPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed & { body: Body },
): Promise<PolicyChanged> {
  return updatePolicy(ports, approverKind, input)
}

export function deleteApproverPolicy(
  ports: SavePolicyPorts,
  input: PolicyVersionNamed,
): Promise<PolicyChanged> {
  return deletePolicy(ports, approverKind, input)
}
