/**
 * One seed's world: AWS (the sandbox's model), PostgreSQL, the copies of TEAM, and time, which moves
 * only here. Time goes from one moment at which something is due to the next; what is due is asked of
 * the database (next times of keys, ends of grants, expiries) and of the sandbox (operations).
 */
import pg from 'pg'
import { World } from '#sandbox/model/world.ts'
import { createMetrics } from '#server/wiring/metrics.ts'
import { createTestDatabase } from '#test/database.ts'
import { runAsAdmin, type TestClusterAddress } from '#test/postgres-cluster.ts'
import { type AccessLog, keyText, watchAssignments } from './access-log.ts'
import type { Chance } from './chance.ts'
import { type Copy, startCopy } from './copy.ts'
import { History, type Trouble } from './history.ts'
import { foundOrganisation, type Organisation } from './organisation.ts'
import { type Life, Touches } from './touches.ts'
import { createWire, type Wire } from './wire.ts'

export const beganAt = Date.parse('2026-11-24T00:00:00Z')
const leaseMs = 3_000
/** What was in flight is doubted, looked at after ten seconds, and again ten seconds later. */
const afterCrashMs = 30_000
/** With access standing, people and targets are to be looked at; without, nothing but the next thing. */
const strideMs = { watchful: 5_000, busy: 60_000, calm: 300_000, quiet: 3_600_000 }
/** So long after somebody left, what follows from it is looked for in small steps. */
const watchfulMs = 150_000
const statuses = { open: ['scheduled', 'activating', 'active', 'ending'] }

export interface OpenRow {
  readonly next_at: string | null
  readonly aws_request_id: string | null
}

export class SimulatedWorld {
  readonly chance: Chance
  readonly aws: World
  readonly log: AccessLog
  readonly organisation: Organisation
  readonly touches: Touches
  readonly wire: Wire
  readonly history: History
  readonly errors: { atMs: number; line: string }[] = []
  readonly copies: Copy[] = []
  readonly admin: pg.Client
  readonly databaseName: string
  readonly sentWithoutLead: string[] = []
  /** When sessions were ended or copies were stopped: what is logged of that is no fault. */
  readonly troubled: number[] = []
  /** Nobody leaves any more: only what is due matters. */
  isCalm = false
  #nowMs = beganAt
  #offsetMs = 0
  #leaseClockMs = 1_000_000
  #copiesMade = 0
  readonly #url: string
  readonly #cluster: TestClusterAddress
  readonly #metrics = createMetrics()
  #down: Trouble | null = null

  private constructor(
    chance: Chance,
    database: { name: string; url: string; cluster: TestClusterAddress; admin: pg.Client },
    seed: number,
  ) {
    this.chance = chance
    this.databaseName = database.name
    this.#url = database.url
    this.#cluster = database.cluster
    this.admin = database.admin
    this.aws = new World({
      now: () => new Date(this.#nowMs),
      wallClock: () => new Date(Date.now() + this.wire.ageMs),
      seed,
    })
    this.organisation = foundOrganisation(this.aws, chance)
    this.log = watchAssignments(this.aws)
    this.history = new History(() => this.#nowMs)
    this.history.offsets.push({ fromMs: 0, offsetMs: 0 })
    this.touches = new Touches(chance.branch(), (pid) => this.#isBlocked(pid))
    this.wire = createWire({
      world: this.aws,
      touches: this.touches,
      nowMs: () => this.#nowMs,
      onLost: (operation, request) => this.#noteLost(operation, request.body),
      onSent: (life, operation) => this.#noteSent(life, operation),
    })
  }

  static async open(
    cluster: TestClusterAddress,
    chance: Chance,
    seed: number,
  ): Promise<SimulatedWorld> {
    const made = await createTestDatabase({ cluster })
    await made.database.close()
    const admin = new pg.Client({ connectionString: made.url, application_name: 'simulation' })
    await admin.connect()
    await admin.query(`
      create schema sim;
      create table sim.lease_clock (at timestamptz not null);
      insert into sim.lease_clock values ('epoch');
      create function sim.clock_timestamp() returns timestamptz language sql volatile
        as 'select at from sim.lease_clock';
      grant usage on schema sim to team_app;
      grant select on sim.lease_clock to team_app;`)
    const world = new SimulatedWorld(
      chance,
      { name: made.name, url: made.url, cluster, admin },
      seed,
    )
    await world.#setLeaseClock()
    return world
  }

  get nowMs(): number {
    return this.#nowMs
  }

  teamNow(): Date {
    return new Date(this.#nowMs + this.#offsetMs)
  }

  /** The copy that is asked to act and expected to lead. */
  get leader(): Copy | null {
    const alive = this.copies.filter((copy) => copy.life.state === 'alive')
    return alive.find((copy) => copy.leads()) ?? alive.at(-1) ?? null
  }

  // ---- copies ----

  async startCopy(): Promise<Copy> {
    await this.letLeaseRunOut()
    this.#copiesMade += 1
    const copy = startCopy({
      name: `copy-${this.#copiesMade}`,
      url: this.#url,
      touches: this.touches,
      wire: this.wire,
      metrics: this.#metrics,
      teamNow: () => this.teamNow(),
      monotonicMs: () => this.#leaseClockMs,
      onError: (line) => this.errors.push({ atMs: this.#nowMs, line }),
    })
    this.copies.push(copy)
    this.history.say(`${copy.life.name} starts`)
    await this.settle()
    return copy
  }

  /** Nobody leads from now on. Afterwards the next one has to look at what was left, twice. */
  #goDown(): void {
    this.#expectTrouble()
    this.#down ??= this.history.begin({ what: 'down', afterMs: afterCrashMs })
  }

  #up(): void {
    if (this.#down) this.history.end(this.#down)
    this.#down = null
  }

  async kill(copy: Copy): Promise<void> {
    this.history.say(`${copy.life.name} is killed`)
    copy.kill()
    this.#mourn()
    await this.#endSessions(copy.life.name)
    this.#goDown()
  }

  /** As SIGSTOP does; PostgreSQL's time limits then end its sessions that are in a transaction. */
  async pause(copy: Copy): Promise<void> {
    this.history.say(`${copy.life.name} is stopped`)
    copy.life.state = 'paused'
    this.touches.hold(copy.life)
    this.#mourn()
    await this.#endSessions(copy.life.name, "and state <> 'idle'")
    this.#goDown()
  }

  async resume(copy: Copy): Promise<void> {
    this.history.say(`${copy.life.name} goes on`)
    this.#expectTrouble()
    copy.life.state = 'alive'
    if (this.#down) await this.settle()
  }

  #expectTrouble(): void {
    this.troubled.push(this.#nowMs)
  }

  async restartDatabase(): Promise<void> {
    this.history.say('the database restarts')
    this.#expectTrouble()
    const trouble = this.history.begin({ what: 'restart', afterMs: afterCrashMs })
    this.history.end(trouble)
    await this.#endSessions('')
  }

  async #endSessions(name: string, which = ''): Promise<void> {
    const those = `datname = current_database() and pid <> pg_backend_pid()
      and application_name like 'team %${name}' ${which}`
    // Again and again: one may just have been on its way.
    for (;;) {
      const { rowCount } = await this.admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where ${those}`,
      )
      if (rowCount === 0) return
    }
  }

  // ---- the lease ----

  /** Whoever lives renews it, a second at a time; whoever does not loses it. */
  async letLeaseRunOut(): Promise<void> {
    for (let passedMs = 0; passedMs <= leaseMs; passedMs += 1_000) {
      this.#leaseClockMs += 1_000
      await this.#setLeaseClock()
      for (const { life } of this.copies) if (life.state === 'alive') life.time.fireIntervals()
      await this.touches.settle()
    }
  }

  async #setLeaseClock(): Promise<void> {
    await this.admin.query('update sim.lease_clock set at = to_timestamp($1::float8 / 1000)', [
      beganAt + this.#leaseClockMs,
    ])
  }

  /**
   * By this world: a commit that notifies waits for those of the whole cluster, and how long others
   * take must not tell who goes next here.
   */
  async #isBlocked(pid: number): Promise<boolean> {
    const { rows } = await this.admin.query<{ blocked: boolean }>(
      `select exists (
         select from pg_stat_activity
         where pid = any(pg_blocking_pids($1)) and datname = current_database()) as blocked`,
      [pid],
    )
    return rows[0]?.blocked ?? false
  }

  // ---- time ----

  /** Everything that is due now is done, by whoever leads; `along` happens in the same instant. */
  async settle(along: readonly Promise<unknown>[] = []): Promise<void> {
    void this.aws.state
    const leader = this.leader
    // A copy that only stood by takes over when the lease has run out.
    if (leader !== null && !leader.leads()) await this.letLeaseRunOut()
    const work: Promise<unknown>[] = [...along]
    if (leader) work.push(this.#engineOf(leader))
    await this.touches.drive(Promise.all(work))
    await this.observe()
    if (this.leader?.leads() === true) this.#up()
  }

  async #engineOf(copy: Copy): Promise<void> {
    const died = this.#untilDead(copy)
    try {
      await Promise.race([copy.settle(), died])
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      // Nothing that follows would tell more, and each step would take its time.
      if (text.includes('come to rest')) throw error
      this.errors.push({ atMs: this.#nowMs, line: JSON.stringify({ level: 'error', turn: text }) })
    }
  }

  /** Whoever awaits a dead copy would wait for ever. */
  async #untilDead(copy: Copy): Promise<void> {
    if (copy.life.state !== 'alive') return
    await new Promise<void>((done) => this.#deaths.push({ copy, done }))
  }

  readonly #deaths: { copy: Copy; done: () => void }[] = []

  #mourn(): void {
    for (const { copy, done } of this.#deaths) if (copy.life.state !== 'alive') done()
  }

  /** What a copy was asked; undefined if it died or was stopped before it answered. */
  async answered<Result>(copy: Copy, work: Promise<Result>): Promise<Result | undefined> {
    return Promise.race([work, this.#untilDead(copy).then(() => undefined)])
  }

  async passTime(seconds: number): Promise<void> {
    const untilMs = this.#nowMs + seconds * 1_000
    while (this.#nowMs < untilMs) {
      const nextMs = Math.min(untilMs, await this.#nextMoment())
      this.#nowMs = Math.max(nextMs, this.#nowMs + 1)
      await this.#landLateCalls()
      await this.settle()
    }
  }

  jump(minutes: number): void {
    this.#offsetMs += minutes * 60_000
    this.history.offsets.push({ fromMs: this.#nowMs, offsetMs: this.#offsetMs })
    this.history.say(`TEAM's clock jumps by ${minutes} minutes`)
    if (minutes >= 0) return
    const trouble = this.history.begin({ what: 'clock back', afterMs: -minutes * 60_000 })
    this.history.end(trouble)
  }

  async #landLateCalls(): Promise<void> {
    const due = this.wire.late.filter((call) => call.landsAtMs <= this.#nowMs)
    for (const call of due) {
      this.wire.late.splice(this.wire.late.indexOf(call), 1)
      this.history.say(`a ${call.operation} that was lost lands`)
      await call.land()
    }
  }

  async #nextMoment(): Promise<number> {
    const { rows } = await this.admin.query<{ keys: OpenRow[]; times: Date[]; open: number }>({
      text: `select
        coalesce((select json_agg(json_build_object('next_at', k.next_at, 'aws_request_id', i.aws_request_id)
            order by k.key_id)
          from ledger_key k left join intent i on i.key_id = k.key_id and i.state = 'accepted'
          where k.next_at is not null or i.key_id is not null), '[]') as keys,
        array(select t from (
          select ends_at t from access_grant where over_at is null
          union select due_at from access_grant where over_at is null
          union select activation_deadline from access_grant where over_at is null
          union select expires_at from request where status = 'pending') moments
          where t > $1 order by t) as times,
        (select count(*)::int from request where status::text = any($2)) as open`,
      values: [this.teamNow(), statuses.open],
    })
    const row = rows[0]
    const now = this.#nowMs
    const moments = this.wire.late.map((call) => call.landsAtMs)
    for (const operation of this.aws.state.operations.inFlight()) {
      moments.push(operation.dueAt, operation.toldAt + this.chance.between(0, 1_000))
    }
    for (const time of row?.times ?? []) moments.push(time.getTime() - this.#offsetMs)
    for (const key of row?.keys ?? []) {
      const operation =
        key.aws_request_id === null ? undefined : this.aws.state.operations.get(key.aws_request_id)
      if (operation && this.aws.state.operations.toldStatus(operation) === 'IN_PROGRESS') continue
      // AWS has an answer; the next poll brings it.
      if (key.aws_request_id !== null) moments.push(now + 1_000)
      if (key.next_at === null) continue
      const atMs = Date.parse(key.next_at) - this.#offsetMs
      // Due, and not done: its work has just failed, and is tried again in a moment.
      moments.push(atMs > now ? atMs : now + 2_000)
    }
    const someoneLeft = this.history.standings.some(
      ({ isIn, atMs }) => !isIn && now - atMs < watchfulMs,
    )
    const idle = this.isCalm ? strideMs.calm : strideMs.busy
    const busy = someoneLeft ? strideMs.watchful : idle
    const stride = (row?.open ?? 0) > 0 ? busy : strideMs.quiet
    const next = moments.filter((ms) => ms > now).sort((a, b) => a - b)[0] ?? Infinity
    return Math.min(next, now + stride)
  }

  async observe(): Promise<void> {
    const { rows } = await this.admin.query<ObservedRow>(`
      select r.request_id, r.status::text, r.version, r.requester_id, r.account_id,
        r.permission_set_arn, g.immediate, g.ends_at, g.excess_seconds, g.covered_by
      from request r left join access_grant g using (request_id) order by r.created_at, r.request_id`)
    for (const row of rows) {
      this.history.sawRequest(row.request_id, row.status, row.version)
      this.history.requesters.set(row.request_id, row.requester_id)
      const key = `${row.requester_id}/${row.account_id}/${row.permission_set_arn}`
      this.history.keys.set(row.request_id, key)
      if (row.immediate === null) continue
      this.history.grants.set(row.request_id, {
        requestId: row.request_id,
        key,
        immediate: row.immediate,
        endsAt: row.ends_at,
        excessSeconds: row.excess_seconds === null ? null : Number(row.excess_seconds),
        coveredBy: row.covered_by,
      })
    }
  }

  // ---- calls ----

  #noteSent(life: Life, operation: string): void {
    const copy = this.copies.find((one) => one.life === life)
    if (copy?.mayAct() === true) return
    this.sentWithoutLead.push(`${life.name} sent ${operation} at ${this.teamNow().toISOString()}`)
  }

  #noteLost(operation: string, body: unknown): void {
    const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body)
    const { PrincipalId, TargetId, PermissionSetArn } = JSON.parse(text) as Record<string, string>
    const key = keyText({
      principalId: PrincipalId ?? '',
      accountId: TargetId ?? '',
      permissionSetArn: PermissionSetArn ?? '',
    })
    this.history.say(`the answer to a ${operation} is lost`)
    const trouble = this.history.begin({ what: 'lost call', key, afterMs: 0 })
    // It may reach AWS for a quarter of an hour, and take effect some minutes later.
    trouble.toMs = this.#nowMs + 25 * 60_000
  }

  async close(): Promise<void> {
    for (const copy of this.copies) if (copy.life.state !== 'dead') copy.kill()
    await this.admin.end()
    await runAsAdmin(this.#cluster.adminUrl, `drop database ${this.databaseName} with (force)`)
  }
}

interface ObservedRow {
  request_id: string
  status: string
  version: number
  requester_id: string
  account_id: string
  permission_set_arn: string
  immediate: boolean | null
  ends_at: Date | null
  excess_seconds: string | null
  covered_by: string | null
}
