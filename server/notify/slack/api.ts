/** The few calls of Slack's Web API that TEAM makes, by fetch. The token is asked for each time. */
import { z } from 'zod'

export type SlackArguments = Readonly<Record<string, string | object | undefined>>

export type SlackAnswer =
  | { readonly ok: true; readonly body: unknown }
  /** Slack's own name of what is wrong, such as `users_not_found`. */
  | { readonly ok: false; readonly error: string }

export interface SlackApi {
  /** Rejects where Slack did not answer. */
  call(method: string, given: SlackArguments): Promise<SlackAnswer>
}

export interface SlackApiOptions {
  readonly baseUrl: string
  readonly readToken: () => Promise<string | null>
  readonly limitMs?: number
  /** In milliseconds; for waiting as long as Slack asks for. */
  readonly nowMs?: () => number
}

const limitMs = 10_000
const pauseSecondsMax = 3_600
const answerSchema = z.looseObject({ ok: z.boolean(), error: z.string().optional() })

export function createSlackApi(options: SlackApiOptions): SlackApi {
  const { baseUrl, readToken, nowMs = Date.now } = options
  /** By method: Slack limits each by itself, and asking before the time makes it longer. */
  const pausedUntil = new Map<string, number>()
  return {
    async call(method, given) {
      if (nowMs() < (pausedUntil.get(method) ?? 0)) return { ok: false, error: 'ratelimited' }
      const token = await readToken()
      if (token === null) return { ok: false, error: 'not_authed' }
      const response = await fetch(`${baseUrl}/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: formOf(given),
        redirect: 'error',
        signal: AbortSignal.timeout(options.limitMs ?? limitMs),
      })
      if (response.status === 429) {
        const asked = Number(response.headers.get('retry-after') ?? 1) || 1
        pausedUntil.set(method, nowMs() + Math.min(asked, pauseSecondsMax) * 1000)
        return { ok: false, error: 'ratelimited' }
      }
      const parsed = answerSchema.safeParse(await response.json().catch(() => null))
      if (!parsed.success) return { ok: false, error: `http_${response.status}` }
      const { ok, error = 'unknown_error' } = parsed.data
      return ok ? { ok, body: parsed.data } : { ok, error }
    },
  }
}

function formOf(given: SlackArguments): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined)
      form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return form
}
