/** Grants that live while TEAM is about to go: whoever holds them would keep them for ever. */
import { CannotDo, Misuse } from '#server/command-line/shell.ts'
import type { Environment } from '#server/config.ts'
import { publicUrlOf } from '#server/config-file/read.ts'
import type { TeamConfig } from '#server/config-file/schema.ts'

export interface LiveGrant {
  readonly id: string
  readonly userName: string
  readonly accountName: string
  readonly permissionSetName: string
  readonly status: string
}

export interface GrantsPort {
  live(): Promise<readonly LiveGrant[]>
  end(id: string): Promise<void>
}

export interface Ending {
  readonly mayEnd: boolean
  readonly pause: (ms: number) => Promise<void>
  readonly progress: (line: string) => void
}

const lookEveryMs = 2_000
const endingSecondsMax = 900

/** How many were ended. Refuses while there are any, unless it may end them, and waits until AWS says so. */
export async function endGrants(grants: GrantsPort, ending: Ending): Promise<number> {
  const live = await grants.live()
  if (live.length === 0) return 0
  if (!ending.mayEnd) {
    const shown = live
      .slice(0, 20)
      .map(
        (one) =>
          `  ${one.userName}: ${one.permissionSetName} on ${one.accountName} (${one.status})`,
      )
    throw new CannotDo(
      [
        `${live.length} grants are not over, and would stay in AWS for ever:`,
        ...shown,
        '--end-grants ends them first.',
      ].join('\n'),
    )
  }
  const asked = new Set<string>()
  for (let waitedMs = 0; waitedMs <= endingSecondsMax * 1000; waitedMs += lookEveryMs) {
    const left = await grants.live()
    if (left.length === 0) return asked.size
    for (const { id } of left) {
      if (asked.has(id)) continue
      await grants.end(id)
      asked.add(id)
    }
    ending.progress(`${left.length} grants are ending`)
    await ending.pause(lookEveryMs)
  }
  throw new CannotDo(
    'Grants are still ending after 15 minutes: see team_late_removals. Nothing was destroyed',
  )
}

interface Listed {
  readonly items: readonly {
    readonly id: string
    readonly status: string
    readonly requester: { readonly userName: string }
    readonly accountName: string
    readonly permissionSetName: string
  }[]
  readonly nextCursor: string | null
}

const pagesMax = 100
/** Of requests whose access stands in AWS, or may. */
const liveStatuses = ['scheduled', 'activating', 'active', 'ending']

/** As a person with the scopes requests:read and requests:revoke, by TEAM's own API. */
export function grantsOverHttp(env: Environment, config: TeamConfig): GrantsPort {
  const url = publicUrlOf(config)
  const token = env.TEAM_TOKEN?.trim()
  if (url === undefined || token === undefined || token === '') {
    throw new Misuse(
      'TEAM_TOKEN is missing: an API token with the scopes requests:read and requests:revoke, by which TEAM is asked for grants that live. --unasked destroys without asking, and what stands in AWS then stays',
    )
  }
  const call = async (method: string, path: string) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'POST' && { body: JSON.stringify({ comment: 'TEAM is being destroyed' }) }),
    }).catch((error: unknown) => {
      throw new CannotDo(`TEAM at ${url} cannot be asked for grants that live: ${reasonOf(error)}`)
    })
    return response
  }
  return {
    async live() {
      const found: LiveGrant[] = []
      for (const status of liveStatuses) found.push(...(await liveWith(status, call)))
      return found
    },
    async end(id) {
      const { status } = await call('POST', `/requests/${id}/revoke`)
      // Somebody else ended it meanwhile.
      if (status !== 200 && status !== 409) {
        throw new CannotDo(`TEAM did not end the grant of request ${id}: it answered ${status}`)
      }
    },
  }
}

async function liveWith(
  status: string,
  call: (method: string, path: string) => Promise<Response>,
): Promise<LiveGrant[]> {
  const found: LiveGrant[] = []
  let cursor = ''
  for (let page = 0; page < pagesMax; page += 1) {
    const response = await call('GET', `/requests?view=all&status=${status}&limit=200${cursor}`)
    if (!response.ok) {
      throw new CannotDo(`TEAM did not tell which grants live: it answered ${response.status}`)
    }
    // TEAM's own answer, whose shape is its contract's.
    const { items, nextCursor } = (await response.json()) as Listed
    found.push(...items.map((one) => ({ ...one, userName: one.requester.userName })))
    if (nextCursor === null) return found
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`
  }
  return found
}

const reasonOf = (error: unknown) => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message : String(cause)
}
