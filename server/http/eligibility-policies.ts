import {
  EligibilityPolicy,
  EligibilityPolicyBody,
  EligibilityPolicyChange,
  EligibilityPolicyPage,
  EligibilityPolicyQuery,
  EligibilityPreviewBody,
} from '#contract/policy.ts'
import { EligibilityPreview } from '#contract/policy-preview.ts'
import { eligibilityKind } from '#server/operations/policy-kinds.ts'
import { previewEligibility } from '#server/operations/preview-policy.ts'
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
    query: EligibilityPolicyQuery,
    page: EligibilityPolicyPage,
  })
  app.post(
    '/api/v1/eligibility-policies/preview',
    {
      config: { permission: 'eligibility-policy.preview' },
      schema: {
        tags: ['policies'],
        body: EligibilityPreviewBody,
        response: { 200: EligibilityPreview },
      },
    },
    (request) => previewEligibility(ports, request.body),
  )
}
