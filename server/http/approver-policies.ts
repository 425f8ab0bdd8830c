import {
  ApproverPolicy,
  ApproverPolicyBody,
  ApproverPolicyChange,
  ApproverPolicyPage,
} from '#contract/policy.ts'
import { approverKind } from '#server/operations/policy-kinds.ts'
import type { App } from './app.ts'
import { registerPolicies } from './policies.ts'
import type { ResourcePorts } from './resources.ts'

export function registerApproverPolicies(app: App, ports: ResourcePorts): void {
  registerPolicies(app, ports, {
    path: '/api/v1/approver-policies',
    kind: approverKind,
    body: ApproverPolicyBody,
    change: ApproverPolicyChange,
    policy: ApproverPolicy,
    page: ApproverPolicyPage,
  })
}
