/** One copy of TEAM: what server/wiring/team.ts puts together, but for HTTP and what it listens on. */
import { mayPerform, needsConfirmation, relations } from '#core/access.ts'
import type { UserId } from '#core/ids.ts'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import type { Engine } from '#server/engine/engine.ts'
import { createLogger } from '#server/log.ts'
import { drainJobs } from '#server/notify/worker.ts'
import { type Actor, createLoadActor } from '#server/operations/actor.ts'
import { Refused } from '#server/operations/refused.ts'
import type { IntentLog } from '#server/recover/intent-log.ts'
import { openAws } from '#server/wiring/aws-side.ts'
import type { Metrics } from '#server/wiring/metrics.ts'
import { createParts, type Parts } from '#server/wiring/parts.ts'
import { unlimited } from '#test/aws-clients.ts'
import { type GatedDatabase, gatedDatabase } from './gated-database.ts'
import type { Life, Touches } from './touches.ts'
import { VirtualTime, withVirtualWallClock } from './virtual-time.ts'
import type { Wire } from './wire.ts'

/** The driven disk of a simulated machine: what it keeps outside the database is not looked at. */
const keptNowhere: IntentLog = {
  append: async () => {},
  keepAnchor: async () => {},
  readAnchor: async () => null,
  lines: async function* () {},
}

export interface CopyNeeds {
  readonly name: string
  readonly url: string
  readonly touches: Touches
  readonly wire: Wire
  readonly metrics: Metrics
  readonly teamNow: () => Date
  readonly monotonicMs: () => number
  readonly onError: (line: string) => void
}

export type Ports = ReturnType<typeof portsOf>

export interface Copy {
  readonly life: Life
  readonly database: GatedDatabase
  readonly parts: Parts
  readonly engine: Engine
  /** Does what the HTTP layer does around a write: confirms who acts, then loads their rights. */
  act(
    action: string,
    userId: string,
    work: (actor: Actor, ports: Ports) => Promise<unknown>,
  ): Promise<string>
  /** Works until nothing is due. */
  settle(): Promise<void>
  /** By its own clocks: the process's would tell how long the simulation has run. */
  leads(): boolean
  mayAct(): boolean
  drainJobs(): Promise<unknown>
  /** Dies here and now: no touch of it is answered any more. */
  kill(): void
  stop(): Promise<void>
}

export const accessPortal = 'https://portal.example.com/start'

export function startCopy(needs: CopyNeeds): Copy {
  const { touches, wire, teamNow } = needs
  const time = new VirtualTime(touches.timersClock, needs.monotonicMs)
  const life: Life = { name: needs.name, time, state: 'alive' }
  touches.lives.push(life)
  return life.time.run(() => {
    const database = gatedDatabase(needs.url, life, touches)
    const aws = openAws(
      { database, metrics: needs.metrics, region: 'us-east-1' },
      {
        endpoint: 'http://aws.invalid',
        region: 'us-east-1',
        credentials: {
          accessKeyId: delegatedAdministrator.accessKeyId,
          secretAccessKey: delegatedAdministrator.secretAccessKey,
        },
        requestHandler: wire.handlerFor(life),
        budget: unlimited,
      },
    )
    const clock = { now: teamNow }
    const parts = withVirtualWallClock(() =>
      createParts({
        config: {
          adminGroup: 'TEAM admins',
          auditorGroup: 'TEAM auditors',
          emailSource: 'team@example.net',
          publicUrl: 'https://team.example.com',
          portalUrl: accessPortal,
          webhookNetworks: [],
          slackApiUrl: 'http://127.0.0.1:9',
          secrets: { current: 's'.repeat(32), previous: null },
        },
        log: createLogger('error', { write: needs.onError }),
        database,
        clock,
        metrics: needs.metrics,
        aws,
        intentLog: keptNowhere,
      }),
    )
    const engine = parts.startEngine()
    parts.ready.catch(() => {})
    const ports = portsOf(parts, database, clock)
    return {
      life,
      database,
      parts,
      engine,
      act: (action, userId, work) =>
        life.time.run(() => actAs({ parts, ports, action, userId: userId as UserId }, work)),
      settle: () => life.time.run(() => engine.settle()),
      leads: () => life.time.run(() => parts.leader.epoch() !== null),
      mayAct: () => life.time.run(() => parts.leader.mayAct()),
      drainJobs: () => drainJobs(parts.notifyPorts, teamNow()),
      kill() {
        touches.bury(life)
        database.cut()
        void engine.stop()
        void database.close()
        aws.close()
      },
      async stop() {
        parts.stopReading()
        await life.time.run(() => engine.stop())
        await parts.looks.settled()
        touches.bury(life)
        await database.close()
        aws.close()
      },
    }
  })
}

function portsOf(parts: Parts, database: GatedDatabase, clock: { now: () => Date }) {
  const { rules, looks, announce, confirmer } = parts
  return {
    db: database.db,
    clock,
    rules,
    looks,
    announce,
    // Mails about rules touch no access; they would only make every seed longer.
    tellOverseers: async () => undefined,
    confirmPeople: confirmer.confirmPeople,
    loadActor: createLoadActor({ db: database.db, rules }),
  }
}

interface Acting {
  readonly parts: Parts
  readonly ports: Ports
  readonly action: string
  readonly userId: UserId
}

/** Mirrors server/http/authorise.ts. Answers `done`, or the code of the refusal. */
async function actAs(
  { parts, ports, action, userId }: Acting,
  work: (actor: Actor, ports: Ports) => Promise<unknown>,
): Promise<string> {
  const confirmation = await parts.confirmer.confirmPerson(userId)
  if (confirmation === 'gone') return 'person_disabled'
  const needed = needsConfirmation(action as Parameters<typeof needsConfirmation>[0])
  if (confirmation === 'unavailable' && needed) return 'unconfirmed_with_aws'
  const actor = await ports.loadActor(userId)
  if (!actor?.person.enabled) return 'person_disabled'
  const { roles } = actor
  const may = [null, ...relations].some((relation) =>
    mayPerform(action, {
      enabled: true,
      roles,
      relations: new Set(relation === null ? [] : [relation]),
    }),
  )
  if (!may) return 'not_allowed'
  try {
    await work(actor, ports)
    return 'done'
  } catch (error) {
    if (error instanceof Refused) return error.code
    throw error
  }
}
