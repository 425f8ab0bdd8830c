/**
 * One copy of TEAM leads: it alone writes intents and calls the assignment API.
 *
 * The lead is one row (epoch, holder, expires_at) on the database's clock. The leader renews it each
 * second for three; a take-over raises the epoch. Every transaction of the engine locks that row
 * `FOR KEY SHARE` with its own epoch (store/change.ts), and a take-over locks it `FOR UPDATE`: so a
 * take-over waits for what is being written, which sessions limit to two seconds, and after it
 * nothing of the old epoch can be written. AWS cannot be fenced: `mayAct` is asked once more after a
 * call is signed and before it is sent, on this process's own clocks, counted from before the renewal
 * was sent, so that it never outlasts the row: on the monotonic one, and on the wall clock as well,
 * because the monotonic one stands still while a machine sleeps.
 */
import { type Kysely, sql } from 'kysely'
import type { Schema } from '#server/store/schema.ts'

export const leaseMs = 3_000
export const renewEveryMs = 1_000

export interface Leader {
  /** The epoch this copy leads, or null. */
  epoch(): number | null
  /** The lease surely holds at this instant. */
  mayAct(): boolean
  /** Renews, or tries to take over. Called each second; never throws. */
  tick(): Promise<void>
  /** Gives the lead away, so that another copy need not wait for the lease to end. */
  release(): Promise<void>
}

export interface LeaderDeps {
  readonly db: Kysely<Schema>
  /** Names this process in the row and on the health page. */
  readonly holder: string
  readonly log: { info(message: string): void; warn(message: string): void }
  /** Milliseconds that never jump, and stand still while the machine sleeps. */
  readonly monotonicMs?: () => number
  /** Milliseconds that go on while the machine sleeps. */
  readonly wallMs?: () => number
  readonly onLead?: () => void
  /** Code older than the schema's minimum never leads. */
  readonly mayLead?: () => Promise<boolean>
}

export function createLeader(deps: LeaderDeps): Leader {
  const clocks = [deps.monotonicMs ?? (() => performance.now()), deps.wallMs ?? Date.now]
  let epoch: number | null = null
  /** On each of the clocks. */
  let holdsUntilMs: readonly number[] = []
  let released = false
  const mayLead = deps.mayLead ?? (async () => true)

  const readClocks = () => clocks.map((clock) => clock())
  const holds = () => {
    const now = readClocks()
    return holdsUntilMs.length > 0 && holdsUntilMs.every((until, at) => (now[at] ?? 0) < until)
  }

  /** Answers of the database come late, and in any order: each is about the epoch it was asked for. */
  function lose(asked: number, why: string) {
    if (epoch !== asked) return
    deps.log.warn(`no longer leading (epoch ${epoch}): ${why}`)
    epoch = null
    holdsUntilMs = []
  }

  function holdFrom(askedAtMs: readonly number[]) {
    holdsUntilMs = askedAtMs.map((at) => at + leaseMs)
  }

  async function renew(current: number, askedAtMs: readonly number[]) {
    if (!(await mayLead())) {
      lose(current, 'this code is older than the schema allows')
      return giveAway(current)
    }
    const row = await sql<{ epoch: number }>`
      update leader set expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      where epoch = ${current} and expires_at > clock_timestamp()
      returning epoch`.execute(deps.db)
    if (row.rows.length === 0) lose(current, 'the lease ran out or another copy took over')
    else if (epoch === current) holdFrom(askedAtMs)
  }

  async function giveAway(current: number) {
    await sql`update leader set expires_at = clock_timestamp(), holder = null
      where epoch = ${current}`.execute(deps.db)
  }

  async function takeOver(askedAtMs: readonly number[]) {
    const taken = await deps.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ epoch: number }>`
        select epoch from leader where expires_at <= clock_timestamp() for update skip locked
        `.execute(tx)
      const old = rows[0]
      if (!old) return null
      const next = old.epoch + 1
      await sql`
        update leader set epoch = ${next}, holder = ${deps.holder},
          expires_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
        `.execute(tx)
      return next
    })
    if (taken === null || (epoch ?? 0) > taken) return
    if (released) return giveAway(taken)
    epoch = taken
    holdFrom(askedAtMs)
    deps.log.info(`leading (epoch ${taken})`)
    deps.onLead?.()
  }

  return {
    epoch: () => (holds() ? epoch : null),
    mayAct: () => epoch !== null && holds(),
    async tick() {
      if (released) return
      const led = epoch
      try {
        if (led !== null) await renew(led, readClocks())
        else if (await mayLead()) await takeOver(readClocks())
      } catch (error) {
        deps.log.warn(`the lead could not be ${led === null ? 'taken' : 'renewed'}: ${text(error)}`)
        if (led !== null && !holds()) lose(led, 'the database did not answer')
      }
    },
    async release() {
      released = true
      const current = epoch
      epoch = null
      holdsUntilMs = []
      if (current !== null) await giveAway(current)
    },
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
