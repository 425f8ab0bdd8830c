/** The server's answer to "what if", asked anew when the form has rested. */
import { useQuery } from '@tanstack/react-query'
import type { ApproverPreview, EligibilityPreview } from '#contract/policy-preview.ts'
import { useDelayed } from '../../delayed.ts'
import { type PolicyKind, policyPreviewQuery } from '../../queries.ts'

const restMs = 300

export interface PolicyPreviewing {
  /** Of the form as it stands, or stood a moment ago. */
  readonly preview: EligibilityPreview | ApproverPreview | undefined
  readonly isComplete: boolean
  readonly isFetching: boolean
  readonly error: Error | null
  readonly retry: () => void
}

/** A body of null is a form that is not filled in yet. */
export function usePolicyPreview(
  kind: PolicyKind,
  body: object | null,
  replaces: string | null,
): PolicyPreviewing {
  const asked = body === null ? '' : JSON.stringify(replaces ? { ...body, replaces } : body)
  const rested = useDelayed(asked, restMs)
  const query = useQuery({ ...policyPreviewQuery(kind, rested), enabled: rested !== '' })
  return {
    preview: rested === '' ? undefined : query.data,
    isComplete: body !== null,
    isFetching: query.isFetching || rested !== asked,
    error: rested === '' ? null : query.error,
    retry: () => void query.refetch(),
  }
}
