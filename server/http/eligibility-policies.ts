import {
  EligibilityPolicy,
  EligibilityPolicyBody,
  EligibilityPolicyChange,
  EligibilityPolicyPage,
} from '#contract/policy.ts'
import { eligibilityKind } from '#server/operations/policy-kinds.ts'
import type { App } from './app.ts'
import { registerPolicies } from './policies.ts'
import type { ResourcePorts } from './resources.ts'

export function registerEligibilityPolicies(app: App, ports: ResourcePorts): void {
  registerPolicies(app, ports, {
    path: '/api/v1/eligibility-policies',
    kind: eligibilityKind,
    body: EligibilityPolicyBody,
    change: EligibilityPolicyChange,
    policy: EligibilityPolicy,
    page: EligibilityPolicyPage,
  })
}
