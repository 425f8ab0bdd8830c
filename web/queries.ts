/** What the pages ask the server for. Keys begin with the word that `live.ts` makes stale. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
  useQuery,
} from '@tanstack/react-query'
import type { z } from 'zod'
import type { AccessExplanation, AccessPage } from '#contract/access.ts'
import type { AuditEventPage, LegalHoldPage, UsagePage } from '#contract/audit.ts'
import type {
  DirectoryAccountPage,
  DirectoryGroupPage,
  DirectoryOuPage,
  DirectoryPermissionSetPage,
  DirectoryStatus,
  DirectoryUserPage,
} from '#contract/directory.ts'
import type { Counts, EligibleAccount, EligiblePermissionSet, Me } from '#contract/me.ts'
import type { UndeliveredNoticePage } from '#contract/notice.ts'
import type {
  ApproverPolicy,
  ApproverPolicyPage,
  EligibilityPolicy,
  EligibilityPolicyPage,
  PolicyHistory,
} from '#contract/policy.ts'
import type { ApproverPreview, EligibilityPreview } from '#contract/policy-preview.ts'
import type { ProposalDetail, ProposalPage } from '#contract/proposal.ts'
import type { ReconcilerKeyPage, ReconcilerStatus } from '#contract/reconciler.ts'
import type {
  Approvers,
  EarlierRequests,
  Preview,
  Request,
  RequestPage,
  Submission,
  Submitted,
} from '#contract/request.ts'
import type { SavedRequestPage } from '#contract/saved-request.ts'
import type { SessionLog } from '#contract/session-log.ts'
import type { Settings } from '#contract/settings.ts'
import type { TokenPage } from '#contract/token.ts'
import { ApiError, call, failureOf, get, type Query, setCsrfToken } from './api.ts'

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // Any call may be the first to notice that the session is over; `me` is what the frame asks.
      const signedOut = failureOf(error).kind === 'signed_out'
      if (signedOut && query.queryKey[0] !== 'me') {
        void queryClient.invalidateQueries({ queryKey: ['me'] })
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && isWorthRetrying(error),
      retryDelay: (failures) => 500 * 2 ** failures,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

function isWorthRetrying(error: unknown): boolean {
  const failure = failureOf(error)
  return failure.kind === 'problem' && (failure.status >= 500 || failure.status === 429)
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await get<Me>('/me', {}, signal)
    setCsrfToken(me.csrfToken)
    return me
  },
  retry: false,
  refetchInterval: (query) => (query.state.status === 'error' ? 5_000 : 60_000),
})

/** Inside the frame, where `me` is always there. */
export function useMe(): Me {
  const { data } = useQuery(meQuery)
  if (!data) throw new ApiError({ kind: 'signed_out' })
  return data
}

export const countsQuery = queryOptions({
  queryKey: ['counts'],
  queryFn: ({ signal }) => get<Counts>('/me/counts', {}, signal),
})

export interface RequestListQuery {
  readonly view: 'mine' | 'to-approve' | 'decided' | 'review' | 'active' | 'ended' | 'all'
  readonly status?: string
  readonly q?: string
  readonly scope?: string
  readonly from?: string
  readonly to?: string
  readonly sort?: 'createdAt' | 'startsAt' | 'endsAt' | 'expiresAt'
  readonly limit?: number
  readonly cursor?: string
}

export const requestsQuery = (query: RequestListQuery) =>
  queryOptions({
    queryKey: ['requests', 'list', query],
    queryFn: ({ signal }) =>
      get<z.output<typeof RequestPage>>('/requests', { ...query } satisfies Query, signal),
    placeholderData: keepPreviousData,
  })

export const auditEventsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['audit', 'events', query],
    queryFn: ({ signal }) => get<z.output<typeof AuditEventPage>>('/audit/events', query, signal),
    placeholderData: keepPreviousData,
  })

export const usageQuery = (query: Query) =>
  queryOptions({
    queryKey: ['audit', 'usage', query],
    queryFn: ({ signal }) => get<UsagePage>('/audit/usage', query, signal),
    placeholderData: keepPreviousData,
  })

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ['requests', 'one', id],
    queryFn: ({ signal }) => get<Request>(`/requests/${encodeURIComponent(id)}`, {}, signal),
  })

export const requestEventsQuery = (id: string) =>
  queryOptions({
    queryKey: ['requests', 'events', id],
    queryFn: ({ signal }) =>
      get<z.output<typeof AuditEventPage>>(
        `/requests/${encodeURIComponent(id)}/events`,
        { limit: 200 },
        signal,
      ),
  })

const logLookMs = 1_500

export const sessionLogQuery = (id: string, logId: string, query: Query) =>
  queryOptions({
    queryKey: ['session-log', id, logId, query],
    queryFn: ({ signal }) =>
      get<SessionLog>(
        `/requests/${encodeURIComponent(id)}/session-log/${encodeURIComponent(logId)}`,
        query,
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    // Asking after it shows the server that it is still wanted.
    refetchInterval: ({ state }) => {
      const open = state.data?.state === 'queued' || state.data?.state === 'running'
      return open ? logLookMs : false
    },
  })

export const approversQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['requests', 'approvers', id],
    queryFn: ({ signal, pageParam }) =>
      get<Approvers>(
        `/requests/${encodeURIComponent(id)}/approvers`,
        pageParam === '' ? {} : { cursor: pageParam },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })

export const submissionQuery = (id: string) =>
  queryOptions({
    queryKey: ['requests', 'submission', id],
    queryFn: ({ signal }) =>
      get<z.output<typeof Submitted>>(`/submissions/${encodeURIComponent(id)}`, {}, signal),
  })

export const earlierQuery = (id: string) =>
  queryOptions({
    queryKey: ['requests', 'earlier', id],
    queryFn: ({ signal }) =>
      get<z.output<typeof EarlierRequests>>(
        `/requests/${encodeURIComponent(id)}/earlier`,
        {},
        signal,
      ),
  })

export const savedRequestsQuery = queryOptions({
  queryKey: ['saved-requests'],
  queryFn: ({ signal }) => get<SavedRequestPage>('/saved-requests', { limit: 200 }, signal),
})

interface Items<Item> {
  readonly items: Item[]
  readonly nextCursor?: string | null
}

export const eligibleAccountsQuery = (q: string) =>
  queryOptions({
    queryKey: ['eligible', 'accounts', q],
    queryFn: ({ signal }) =>
      get<Items<EligibleAccount>>('/eligible-accounts', { q, limit: 50 }, signal),
    placeholderData: keepPreviousData,
  })

export const eligibleSetsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['eligible', 'sets', accountId],
    queryFn: async ({ signal }) => ({
      items: await allPages<EligiblePermissionSet>(
        `/eligible-accounts/${encodeURIComponent(accountId)}/permission-sets`,
        signal,
      ),
    }),
  })

const longestPage = 200

/** A list of which all is needed, and which is never long: AWS allows 500 sets in an account. */
async function allPages<Item>(path: string, signal: AbortSignal): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null | undefined
  do {
    const page: Items<Item> = await get(
      path,
      { limit: longestPage, ...(cursor && { cursor }) },
      signal,
    )
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor)
  return items
}

const previewLooksMax = 5
const previewLookMs = 2_000

export const previewQuery = (submission: Submission) =>
  queryOptions({
    queryKey: ['preview', submission],
    queryFn: ({ signal }) =>
      call<Preview>('POST', '/requests/preview', { body: submission, signal }),
    placeholderData: keepPreviousData,
    // The server looks whether the access is held already while the preview is on screen.
    refetchInterval: ({ state }) => {
      const unknown = state.data?.targets.some((target) => target.held === 'unknown') ?? false
      return unknown && state.dataUpdateCount < previewLooksMax ? previewLookMs : false
    },
  })

const lookEveryMs = 3_000

export const accessQuery = (query: Query) =>
  queryOptions({
    queryKey: ['access', 'list', query.accountId ?? query.userId ?? '', query],
    queryFn: ({ signal }) => get<AccessPage>('/access', query, signal),
    // Of the same account or person only: nobody's access is shown as somebody else's.
    placeholderData: (before, previous) =>
      previous?.queryKey[2] === (query.accountId ?? query.userId ?? '') ? before : undefined,
    // The stream tells of each account that was read; this is for when there is no stream.
    refetchInterval: ({ state }) => (state.data?.look?.state === 'open' ? lookEveryMs : false),
  })

export const explainQuery = (asked: {
  userId: string
  accountId: string
  permissionSetArn: string
}) =>
  queryOptions({
    queryKey: ['access', 'explain', asked],
    queryFn: ({ signal }) => get<AccessExplanation>('/access/explain', asked, signal),
  })

export const reconcilerQuery = queryOptions({
  queryKey: ['reconciler'],
  queryFn: ({ signal }) => get<ReconcilerStatus>('/reconciler/status', {}, signal),
})

export const lateKeysQuery = infiniteQueryOptions({
  queryKey: ['reconciler', 'late'],
  queryFn: ({ signal, pageParam }) =>
    get<z.output<typeof ReconcilerKeyPage>>(
      '/reconciler/keys',
      { state: 'late', limit: 20, ...(pageParam === '' ? {} : { cursor: pageParam }) },
      signal,
    ),
  initialPageParam: '',
  getNextPageParam: ({ nextCursor }) => nextCursor,
})

export const keysQuery = (query: Query) =>
  queryOptions({
    queryKey: ['reconciler', 'keys', query],
    queryFn: ({ signal }) =>
      get<z.output<typeof ReconcilerKeyPage>>('/reconciler/keys', query, signal),
    placeholderData: keepPreviousData,
  })

export const undeliveredQuery = (query: Query) =>
  queryOptions({
    queryKey: ['notices', 'undelivered', query],
    queryFn: ({ signal }) =>
      get<z.output<typeof UndeliveredNoticePage>>(
        '/notices',
        { state: 'undelivered', ...query },
        signal,
      ),
    placeholderData: keepPreviousData,
  })

export type PolicyKind = 'eligibility-policies' | 'approver-policies'
export interface PolicyOf {
  'eligibility-policies': EligibilityPolicy
  'approver-policies': ApproverPolicy
}
interface PageOf {
  'eligibility-policies': z.output<typeof EligibilityPolicyPage>
  'approver-policies': z.output<typeof ApproverPolicyPage>
}

export const policiesQuery = <Kind extends PolicyKind>(kind: Kind, query: Query) =>
  queryOptions({
    queryKey: [kind, 'list', query],
    queryFn: ({ signal }) => get<PageOf[Kind]>(`/${kind}`, query, signal),
    placeholderData: keepPreviousData,
  })

export const policyQuery = <Kind extends PolicyKind>(kind: Kind, id: string) =>
  queryOptions({
    queryKey: [kind, 'one', id],
    queryFn: ({ signal }) => get<PolicyOf[Kind]>(`/${kind}/${encodeURIComponent(id)}`, {}, signal),
    // A form works on what it loaded; only a conflict may bring in what others saved.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })

interface PolicyPreviewOf {
  'eligibility-policies': EligibilityPreview
  'approver-policies': ApproverPreview
}

/** The body as text: what was asked is what the answer is kept under. */
export const policyPreviewQuery = <Kind extends PolicyKind>(kind: Kind, body: string) =>
  queryOptions({
    queryKey: [kind, 'preview', body],
    queryFn: ({ signal }) =>
      call<PolicyPreviewOf[Kind]>('POST', `/${kind}/preview`, { body: JSON.parse(body), signal }),
    placeholderData: keepPreviousData,
  })

export const historyQuery = (kind: PolicyKind, id: string) =>
  queryOptions({
    queryKey: [kind, 'history', id],
    queryFn: ({ signal }) =>
      get<PolicyHistory>(`/${kind}/${encodeURIComponent(id)}/history`, {}, signal),
  })

export type TokenView = 'mine' | 'service' | 'all'

export const tokensQuery = (query: Query & { readonly view: TokenView }) =>
  queryOptions({
    queryKey: ['tokens', query],
    queryFn: ({ signal }) => get<TokenPage>('/tokens', query, signal),
    placeholderData: keepPreviousData,
  })

export const holdsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['holds', query],
    queryFn: ({ signal }) => get<LegalHoldPage>('/audit/holds', query, signal),
    placeholderData: keepPreviousData,
  })

export const proposalsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['proposals', 'list', query],
    queryFn: ({ signal }) => get<ProposalPage>('/proposals', query, signal),
    placeholderData: keepPreviousData,
  })

export const proposalQuery = (id: string) =>
  queryOptions({
    queryKey: ['proposals', 'one', id],
    queryFn: ({ signal }) =>
      get<ProposalDetail>(`/proposals/${encodeURIComponent(id)}`, {}, signal),
  })

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => get<Settings>('/settings', {}, signal),
})

export interface DirectoryPages {
  readonly users: z.output<typeof DirectoryUserPage>
  readonly groups: z.output<typeof DirectoryGroupPage>
  readonly accounts: z.output<typeof DirectoryAccountPage>
  readonly 'organizational-units': z.output<typeof DirectoryOuPage>
  readonly 'permission-sets': z.output<typeof DirectoryPermissionSetPage>
}
export type DirectoryKind = keyof DirectoryPages

export const directoryQuery = <Kind extends DirectoryKind>(kind: Kind, query: Query) =>
  queryOptions({
    queryKey: ['directory', kind, query],
    queryFn: ({ signal }) => get<DirectoryPages[Kind]>(`/directory/${kind}`, query, signal),
    placeholderData: keepPreviousData,
  })

export const directoryStatusQuery = queryOptions({
  queryKey: ['directory', 'status'],
  queryFn: ({ signal }) => get<DirectoryStatus>('/directory/status', {}, signal),
  refetchInterval: (query) => {
    const running = ['queued', 'running'].includes(query.state.data?.latest?.state ?? '')
    return running ? 1_000 : false
  },
})
