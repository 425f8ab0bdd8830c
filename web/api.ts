/**
 * The one way from the web UI to the server. Types come from the contract as types only: the server
 * validates and serialises by the same schemas, so no validator is shipped to the browser.
 */
import type { Problem } from '#contract/common.ts'
import { learnServerTime } from './clock.ts'
import { noteReached } from './live.ts'

/** Every failure of a call, in the one form that pages show. */
export type Failure =
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'signed_out' }
  | {
      readonly kind: 'problem'
      readonly status: number
      readonly code: string
      readonly detail: string
      readonly params: Readonly<Record<string, unknown>>
      readonly fields: readonly { field: string; code: string; message: string }[]
    }

export class ApiError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.kind === 'problem' ? `${failure.status} ${failure.code}` : failure.kind)
    this.name = 'ApiError'
    this.failure = failure
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return error.failure
  return {
    kind: 'problem',
    status: 0,
    code: 'unexpected',
    detail: String(error),
    params: {},
    fields: [],
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined | null>>

export interface CallOptions {
  readonly query?: Query
  readonly body?: unknown
  /** The version that the change was made against. */
  readonly ifMatch?: number
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

let csrfToken = ''

/** Every write carries the token that `GET /me` gave out. */
export function setCsrfToken(token: string): void {
  csrfToken = token
}

export function apiPath(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return `/api/v1${path}${text ? `?${text}` : ''}`
}

export async function call<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const response = await send(apiPath(path, options.query), {
    method,
    headers: headersOf(method, options),
    credentials: 'same-origin',
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal ? { signal: options.signal } : {}),
  })
  if (response.status === 401) throw new ApiError({ kind: 'signed_out' })
  if (!response.ok) throw new ApiError(await problemOf(response))
  if (response.status === 204) return undefined as Answer
  return (await response.json()) as Answer
}

export function get<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> {
  return call<Answer>('GET', path, {
    ...(query ? { query } : {}),
    ...(signal ? { signal } : {}),
  })
}

function headersOf(method: string, options: CallOptions): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (method !== 'GET') headers['x-team-csrf'] = csrfToken
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey
  return headers
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init)
    learnServerTime(response.headers.get('date'))
    noteReached(!isGateway(response))
    return response
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    noteReached(false)
    throw new ApiError({ kind: 'unreachable' })
  }
}

/** A gateway that answers for a server that is down speaks no problem+json. */
function isGateway(response: Response): boolean {
  if (![502, 503, 504].includes(response.status)) return false
  return !response.headers.get('content-type')?.includes('problem+json')
}

async function problemOf(response: Response): Promise<Failure> {
  const text = await response.text().catch(() => '')
  const problem = problemIn(text)
  if (!problem && isGateway(response)) return { kind: 'unreachable' }
  return {
    kind: 'problem',
    status: response.status,
    code: problem?.code ?? 'unexpected',
    detail: problem?.detail ?? response.statusText,
    params: problem?.params ?? {},
    fields: problem?.errors ?? [],
  }
}

function problemIn(text: string): Problem | null {
  try {
    const value: unknown = JSON.parse(text)
    const isProblem = typeof value === 'object' && value !== null && 'code' in value
    return isProblem ? (value as Problem) : null
  } catch {
    return null
  }
}

/** `crypto.randomUUID` exists on secure origins only, and a trial may run on plain http. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
