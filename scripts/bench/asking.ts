/** Requests by the API, and what became of them as somebody who watches sees it. */
import type { Request, RequestStatus } from '#contract/request.ts'
import type { Operation } from '#sandbox/model/types.ts'
import type { TestDatabase } from '#test/database.ts'
import type { Person } from '#test/person.ts'
import { pause } from './figures.ts'
import type { Installation } from './installation.ts'

export interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

/** The most that one submission may name. */
export const targetsOfOneMax = 20

const askTriesMax = 10
const askAgainMs = 1_000

export async function ask(
  person: Person,
  targets: readonly Target[],
  durationMinutes: number,
): Promise<Request[]> {
  const submit = () =>
    person.post<{ requests: Request[] }>('/requests', {
      targets,
      durationMinutes,
      justification: 'Measuring',
    })
  let { status, body } = await submit()
  // Nothing was changed; asking is not what is measured.
  for (let tries = 1; status === 503 && tries < askTriesMax; tries += 1) {
    await pause(askAgainMs)
    ;({ status, body } = await submit())
  }
  if (status !== 201) throw new Error(`Refused: ${JSON.stringify(body)}`)
  return body.requests
}

/** When each request was first seen in each state. */
export interface Watch {
  seenAtMs(requestId: string, status: RequestStatus): number | null
  countIn(status: RequestStatus): number
  stop(): Promise<void>
}

const lookEveryMs = 20

/** Reads what every page reads, often: a state is seen at most so much later than it was written. */
export function watchRequests({ db }: TestDatabase): Watch {
  const seen = new Map<string, Map<string, number>>()
  const now = new Map<string, string>()
  let stopped = false
  const watching = look()

  async function look() {
    while (!stopped) {
      const rows = await db.selectFrom('request').select(['request_id', 'status']).execute()
      const atMs = Date.now()
      for (const { request_id: id, status } of rows) {
        const states = seen.get(id) ?? new Map<string, number>()
        if (!states.has(status)) states.set(status, atMs)
        seen.set(id, states)
        now.set(id, status)
      }
      await pause(lookEveryMs)
    }
  }

  return {
    seenAtMs: (requestId, status) => seen.get(requestId)?.get(status) ?? null,
    countIn: (status) => [...now.values()].filter((one) => one === status).length,
    async stop() {
      stopped = true
      await watching
    },
  }
}

/** AWS's operation on the target that succeeded. */
export function operationOf<Shape>(
  { sandbox }: Installation<Shape>,
  kind: Operation['kind'],
  request: Pick<Request, 'accountId' | 'permissionSetArn' | 'requester'>,
): Operation | null {
  for (const operation of sandbox.world.state.operations.values()) {
    if (
      operation.kind === kind &&
      operation.status === 'SUCCEEDED' &&
      operation.accountId === request.accountId &&
      operation.permissionSetArn === request.permissionSetArn &&
      operation.principalId === request.requester.userId
    ) {
      return operation
    }
  }
  return null
}
