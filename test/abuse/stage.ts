/** Where the abuse suite plays: one house with its people, and ways to send what no page sends. */
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { cookieOf, createScene, type RawRequest, raw, type Scene } from '../api/scene.ts'

export interface Stage {
  readonly scene: Scene
  readonly admin: Person
  readonly auditor: Person
  /** Who asked for `pending`. */
  readonly owner: Person
  readonly approver: Person
  readonly stranger: Person
  /** Waits for its approval, whatever is tried on it. */
  readonly pending: Request
  readonly log: readonly string[]
}

/** The themes get it before it is built, as tests are told before they run. */
export function unbuiltStage(): Stage & { build(webRoot: string): Promise<void> } {
  const stage = {} as { -readonly [Part in keyof Stage]: Stage[Part] }
  return Object.assign(stage as Stage, {
    async build(webRoot: string) {
      const log: string[] = []
      stage.log = log
      const scene = await createScene({ webRoot, log: (line) => void log.push(line) })
      stage.scene = scene
      stage.admin = await scene.world.person('test-admin')
      stage.auditor = await scene.world.person('test-auditor')
      stage.owner = await scene.world.person('test-user')
      stage.approver = await scene.world.person('sam.carter')
      stage.stranger = await scene.world.person('priya.raman')
      await scene.eligibility(stage.admin)
      await scene.approval(stage.admin)
      const target = scene.target('payments-prod', 'ReadOnlyAccess')
      stage.pending = await scene.ask(stage.owner, target)
    },
  })
}

export const submission = ({ scene }: Stage, change: object = {}) => ({
  targets: [scene.target('storefront-dev', 'ReadOnlyAccess')],
  durationMinutes: 60,
  justification: 'Looking',
  ...change,
})

/** As this person's browser would send it, but with whatever is given here. */
export async function forge(stage: Stage, person: Person, path: string, request: RawRequest = {}) {
  const { csrfToken } = await person.me()
  return raw(stage.scene.world.team.url, `/api/v1${path}`, {
    method: 'POST',
    ...request,
    headers: {
      cookie: cookieOf(stage.scene, person),
      'x-team-csrf': csrfToken,
      'content-type': 'application/json',
      ...request.headers,
    },
  })
}

export async function numberOfRequests({ auditor }: Stage): Promise<number> {
  const { body } = await auditor.get<{ items: unknown[] }>('/requests?view=all&limit=200')
  return body.items.length
}
