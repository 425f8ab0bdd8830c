import {
  ApproverPolicy,
  ApproverPolicyBody,
  ApproverPolicyChange,
  ApproverPolicyPage,
  ApproverPolicyQuery,
  ApproverPreviewBody,
} from '#contract/policy.ts'
import { ApproverPreview } from '#contract/policy-preview.ts'
import { approverKind } from '#server/operations/policy-kinds.ts'
import { previewApprovers } from '#server/operations/preview-policy.ts'
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
    query: ApproverPolicyQuery,
    page: ApproverPolicyPage,
  })
  app.post(
    '/api/v1/approver-policies/preview',
    {
      config: { permission: 'approver-policy.preview' },
      schema: {
        tags: ['policies'],
        body: ApproverPreviewBody,
        response: { 200: ApproverPreview },
      },
    },
    (request) => previewApprovers(ports, request.body),
  )
}
