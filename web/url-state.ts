/** Filters of a list as they stand in the URL. Pure; what can't be understood is dropped, and said. */
import type { RequestStatus } from '#contract/request.ts'

export const everyStatus = [
  'pending',
  'scheduled',
  'activating',
  'active',
  'ending',
  'ended',
  'revoked',
  'rejected',
  'cancelled',
  'expired',
  'failed',
] as const satisfies readonly RequestStatus[]

export const scopes = ['all', 'mine', 'decide'] as const
export type Scope = (typeof scopes)[number]

export interface ListState {
  readonly q: string
  readonly status: readonly RequestStatus[]
  readonly scope: Scope | null
  /** `YYYY-MM-DD`, days of the viewer's zone. */
  readonly from: string | null
  readonly to: string | null
  readonly cursor: string | null
  readonly page: number
}

export interface ParsedListState {
  readonly state: ListState
  /** Names of parameters that were there and made no sense. */
  readonly dropped: readonly string[]
}

function isStatus(text: string): text is RequestStatus {
  return everyStatus.some((status) => status === text)
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))
}

function isPage(text: string): boolean {
  return /^[1-9]\d{0,5}$/.test(text)
}

export function parseListState(search: URLSearchParams): ParsedListState {
  const dropped: string[] = []
  const keep = (name: string, accept: (text: string) => boolean): string | null => {
    const text = search.get(name)
    if (text === null || text === '') return null
    if (accept(text)) return text
    dropped.push(name)
    return null
  }
  const names = (search.get('status') ?? '').split(',').filter((name) => name !== '')
  const status = names.filter(isStatus)
  if (status.length < names.length) dropped.push('status')
  const scope = keep('scope', (text) => scopes.some((one) => one === text))
  const cursor = keep('cursor', (text) => text.length <= 500)
  const page = keep('page', isPage)
  return {
    state: {
      q: keep('q', (text) => text.length <= 200) ?? '',
      status,
      scope: scopes.find((one) => one === scope) ?? null,
      from: keep('from', isDay),
      to: keep('to', isDay),
      cursor,
      page: cursor === null ? 1 : Number(page ?? '2'),
    },
    dropped,
  }
}

export function isFiltered(state: ListState): boolean {
  return state.q !== '' || state.status.length > 0 || state.from !== null || state.to !== null
}

/** Any change of a filter starts again at the first page. */
export const firstPage = { cursor: null, page: null } as const
