/**
 * The engine alone, with everything around it real: PostgreSQL, the SDK, the sandbox. Requests are
 * put in by SQL, as if they had been decided; who is told is written down instead of mailed.
 */
import { randomUUID } from 'node:crypto'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import { addFault } from '#sandbox/control/behaviour.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { createAssignments } from '#server/aws/assignments.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import { createCallQueue } from '#server/engine/call-queue.ts'
import { type Engine, startEngine } from '#server/engine/engine.ts'
import { createLeader } from '#server/engine/leader.ts'
import type { EngineDeps, Failure } from '#server/engine/ports.ts'
import { change } from '#server/store/change.ts'
import { clientsFor } from './aws-clients.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export interface EngineWorld {
  readonly database: TestDatabase
  readonly sandbox: Sandbox
  readonly told: { event: string; requestId: string }[]
  now(): Date
  /** Lets time pass, a second at a time, with the engine at work. */
  pass(seconds: number): Promise<void>
  /** Lets time pass while no copy of TEAM runs. */
  sleep(seconds: number): void
  /** A request that has just been approved; answers its id. */
  approved(options?: Approved): Promise<string>
  stop(requestId: string, endState: 'ended' | 'revoked' | 'cancelled'): Promise<void>
  status(requestId: string): Promise<RequestState>
  grant(requestId: string): Promise<{
    startsAt: Date | null
    endsAt: Date | null
    excessSeconds: number | null
    coveredBy: string | null
  }>
  /** Whether AWS's side holds the assignment now. */
  held(person?: string): boolean
  /** Somebody makes or removes the assignment behind TEAM's back, at once. */
  byHand(what: 'made' | 'removed', person?: string): void
  /** Actions of the trail, oldest first, with their payloads. */
  events(action: string): Promise<Record<string, unknown>[]>
  fault(fault: Parameters<typeof addFault>[1]): void
  clearFaults(): void
  /** Whether AWS can be asked about people. */
  awsKnowsPeople(knows: boolean): void
  calls(operation?: string): number
  /** Starts the engine anew, as after a crash: nothing of the old one's memory is left. */
  restart(): Promise<void>
  refuseActivation(failure: Failure | null): void
  /** TEAM ends for good; its AWS goes on. */
  stopEngine(): Promise<void>
  close(): Promise<void>
}

export interface Approved {
  readonly minutes?: number
  /** From now; absent: at once. */
  readonly startsInSeconds?: number
  readonly person?: string
  /** Of an account; `Audit` unless said otherwise. */
  readonly account?: string
}

export interface EngineWorldOptions {
  /** Else one of its own. */
  readonly database?: TestDatabase
  readonly sandbox?: Sandbox
  /** Shared with the sandbox's other users. */
  readonly time?: { nowMs: number }
  readonly keepIntent?: EngineDeps['keepIntent']
}

export async function createEngineWorld(options: EngineWorldOptions = {}): Promise<EngineWorld> {
  const database = options.database ?? (await createTestDatabase())
  const time = options.time ?? { nowMs: Date.parse('2026-11-24T00:00:00Z') }
  const now = () => new Date(time.nowMs)
  const sandbox =
    options.sandbox ??
    (await startSandbox({
      port: 0,
      seed: 7,
      now,
      settings: { delayJitter: 0, callsPerSecond: 100_000 },
    }))
  const told: { event: string; requestId: string }[] = []
  let failure: Failure | null = null
  let confirmation: 'confirmed' | 'unavailable' = 'confirmed'
  const clients = clientsFor(sandbox)
  const log = { info: () => {}, warn: () => {}, error: failLoudly }
  let engine = start()

  function start(): Engine {
    const holder = randomUUID()
    const deps: EngineDeps = {
      db: database.db,
      clock: { now },
      leader: createLeader({ db: database.db, holder, log: { info: () => {}, warn: () => {} } }),
      assignments: createAssignments({
        clients,
        instance: createInstanceFinder(clients),
        lane: 'engine',
      }),
      calls: createCallQueue(async () => {}),
      announce: async (_change, event, requestId) => void told.push({ event, requestId }),
      checkActivation: async () => failure,
      confirmPerson: async () => confirmation,
      activationDeadlineMinutes: async () => 10,
      metrics: { excessSeconds: () => {}, timeToGrantSeconds: () => {} },
      keepIntent: options.keepIntent ?? (async () => true),
      log,
    }
    return startEngine(deps, [])
  }

  const users = [...sandbox.world.state.users.values()]
  const userId = (name: string) => {
    const user = users.find((one) => one.userName.startsWith(name))
    if (!user) throw new Error(`no user ${name}`)
    return user.userId as UserId
  }
  const accountOf = (name: string) => {
    const found = [...sandbox.world.state.accounts.values()].find((one) => one.name === name)
    return (found?.accountId ?? '') as AccountId
  }
  const set = [...sandbox.world.state.permissionSets.values()].find(
    (one) => one.name === 'ReadOnlyAccess',
  )
  const accountId = accountOf('Audit')
  const permissionSetArn = (set?.permissionSetArn ?? '') as PermissionSetArn

  const world: EngineWorld = {
    database,
    sandbox,
    told,
    now,
    async pass(seconds) {
      await engine.settle()
      for (let second = 0; second < seconds; second += 1) {
        time.nowMs += 1000
        await engine.settle()
      }
    },
    sleep(seconds) {
      time.nowMs += seconds * 1000
    },
    approved: (options = {}) =>
      change(database.db, now(), async (c) => {
        const { minutes = 60, startsInSeconds, person = 'test-user', account = 'Audit' } = options
        const requestId = randomUUID()
        const dueAt = new Date(time.nowMs + (startsInSeconds ?? 0) * 1000)
        const key = {
          user_id: userId(person),
          account_id: accountOf(account),
          permission_set_arn: permissionSetArn,
        }
        await c.tx
          .insertInto('request')
          .values({
            request_id: requestId,
            version: 1,
            submission_id: randomUUID(),
            status: 'scheduled',
            end_state: null,
            requester_id: key.user_id,
            requester_user_name: person,
            requester_name: person,
            requester_email: null,
            account_id: key.account_id,
            account_name: account,
            permission_set_arn: permissionSetArn,
            permission_set_name: 'ReadOnlyAccess',
            requested_starts_at: startsInSeconds === undefined ? null : dueAt,
            duration_minutes: minutes,
            justification: '「障害対応',
            ticket: null,
            break_glass: false,
            extends_request_id: null,
            approval_required: false,
            approvals_required: 0,
            approval_needs: '[]',
            explanation: '{}',
            end_reason: null,
            failure: null,
            created_at: c.at,
            expires_at: new Date(time.nowMs + 3 * 3_600_000),
            updated_at: c.at,
          })
          .execute()
        const row = await c.tx
          .insertInto('ledger_key')
          .values({ ...key, updated_at: c.at })
          .onConflict((conflict) =>
            conflict.constraint('one_row_a_key').doUpdateSet({ updated_at: c.at }),
          )
          .returning('key_id')
          .executeTakeFirstOrThrow()
        await c.tx
          .insertInto('access_grant')
          .values({
            grant_id: randomUUID(),
            request_id: requestId,
            key_id: row.key_id,
            due_at: dueAt,
            immediate: startsInSeconds === undefined,
            duration_minutes: minutes,
          })
          .execute()
        await c.nudge(row.key_id)
        return requestId
      }),
    stop: (requestId, endState) =>
      change(database.db, now(), async (c) => {
        await c.tx
          .updateTable('request')
          .set({ status: 'ending', end_state: endState, updated_at: c.at })
          .where('request_id', '=', requestId)
          .execute()
        const row = await c.tx
          .updateTable('access_grant')
          .set({ stopped_at: c.at })
          .where('request_id', '=', requestId)
          .returning('key_id')
          .executeTakeFirstOrThrow()
        await c.nudge(row.key_id)
      }),
    async status(requestId) {
      const row = await database.db
        .selectFrom('request')
        .select('status')
        .where('request_id', '=', requestId)
        .executeTakeFirstOrThrow()
      return row.status
    },
    async grant(requestId) {
      const row = await database.db
        .selectFrom('access_grant')
        .select(['starts_at', 'ends_at', 'excess_seconds', 'covered_by'])
        .where('request_id', '=', requestId)
        .executeTakeFirstOrThrow()
      const excess = row.excess_seconds
      return {
        startsAt: row.starts_at,
        endsAt: row.ends_at,
        excessSeconds: excess === null ? null : Number(excess),
        coveredBy: row.covered_by,
      }
    },
    held(person = 'test-user') {
      const id = userId(person)
      return [...sandbox.world.state.assignments.values()].some(
        (one) =>
          one.principalId === id &&
          one.accountId === accountId &&
          one.permissionSetArn === permissionSetArn,
      )
    },
    byHand(what, person = 'test-user') {
      const key = {
        accountId,
        permissionSetArn,
        principalType: 'USER' as const,
        principalId: userId(person),
      }
      if (what === 'removed') return sandbox.world.commit({ type: 'assignment-removed', key })
      const roleSuffix = sandbox.world.ids.roleSuffix()
      const value = { ...key, createdAt: time.nowMs, roleSuffix }
      sandbox.world.commit({ type: 'assignment', value })
    },
    async events(action) {
      const rows = await database.db
        .selectFrom('audit_event')
        .select('payload')
        .where('action', '=', action)
        .orderBy('seq')
        .execute()
      return rows.map(({ payload }) =>
        Object(typeof payload === 'string' ? JSON.parse(payload) : payload),
      )
    },
    awsKnowsPeople(knows) {
      confirmation = knows ? 'confirmed' : 'unavailable'
    },
    fault: (fault) => void addFault(sandbox.world, fault),
    clearFaults() {
      for (const { id } of [...sandbox.world.state.faults.values()]) {
        sandbox.world.commit({ type: 'fault-removed', id })
      }
    },
    calls: (operation) =>
      sandbox.world.state.calls.filter(
        (call) => operation === undefined || call.operation === operation,
      ).length,
    async restart() {
      await engine.stop()
      engine = start()
      await engine.settle()
    },
    refuseActivation(next) {
      failure = next
    },
    stopEngine: () => engine.stop(),
    async close() {
      await engine.stop()
      clients.close()
      if (!options.sandbox) await sandbox.close()
      if (!options.database) await database.drop()
    },
  }
  return world
}

function failLoudly(facts: object, message: string): void {
  console.error(message, facts)
}
