/**
 * TEAM, put together: the one place that knows every room. Tests start it with a driven clock and
 * AWS's address in hand; production with nothing but its configuration.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { UserId } from '#core/ids.ts'
import { anchorEveryMs, anchorHead } from '#server/audit/anchor.ts'
import { recordRefusedSignIn } from '#server/audit/refused-sign-ins.ts'
import type { Config } from '#server/config.ts'
import { createDirectoryRefresh } from '#server/engine/directory-refresh.ts'
import { type Chore, type Engine, startEngine } from '#server/engine/engine.ts'
import { createLeader, type Leader } from '#server/engine/leader.ts'
import { type App, buildApp } from '#server/http/app.ts'
import { buildMetricsApp } from '#server/http/health.ts'
import type { Clock } from '#server/http/ports.ts'
import { registerResources } from '#server/http/register-all.ts'
import { identityProvider, metadataReader } from '#server/http/sign-in/idp.ts'
import { registerSignIn } from '#server/http/sign-in/routes.ts'
import { createSessions, type Sessions } from '#server/http/sign-in/sessions.ts'
import type { Logger } from '#server/log.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import {
  type Drained,
  drainJobs,
  type NotifyWorkerPorts,
  startNotifyWorker,
} from '#server/notify/worker.ts'
import { createLoadActor } from '#server/operations/actor.ts'
import { createCheckActivation } from '#server/operations/check-activation.ts'
import { createPeopleConfirmer } from '#server/operations/confirm-person.ts'
import { expireDueRequests } from '#server/operations/expire-requests.ts'
import { createLooks } from '#server/operations/look-at-target.ts'
import { seedSettings } from '#server/operations/seed-settings.ts'
import { engineChannel } from '#server/store/change.ts'
import { databaseNow, listen, whyUnreachable } from '#server/store/database.ts'
import { purgeRefreshes } from '#server/store/directory-refreshes.ts'
import { isCodeRecentEnough } from '#server/store/migrate.ts'
import { createRulesStore } from '#server/store/rules.ts'
import { sessionStore } from '#server/store/sessions.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type AwsOverrides, type AwsSide, openAws } from './aws-side.ts'
import { createMetrics, type Metrics, watchDatabase } from './metrics.ts'
import { openStorage, type Storage } from './storage.ts'

export interface TeamOptions {
  readonly config: Config
  readonly log: Logger
  /** Null: no pages are served. */
  readonly webRoot: string | null
  readonly version: string
  /** In place of the database's. */
  readonly clock?: Clock
  readonly aws?: AwsOverrides
  /** Jobs are drained by `drainJobs` instead of worked on at once. */
  readonly drivenJobs?: boolean
}

export interface Team {
  readonly url: string
  readonly app: App
  readonly engine: Engine
  readonly storage: Storage
  /** Resolves when the directory has been read once and the settings are there. */
  readonly ready: Promise<void>
  drainJobs(): Promise<Drained>
  stop(): Promise<void>
}

export class StartError extends Error {}

const expiredAtOnce = 100
const seededEveryMs = 250

export async function startTeam(options: TeamOptions): Promise<Team> {
  const { config, log } = options
  const storage = await openStorage(config, log)
  const { database } = storage
  const { db } = database
  const clock = options.clock ?? { now: () => databaseNow(db) }
  const metrics = createMetrics()
  const aws = openAws({ database, metrics, region: config.awsRegion }, options.aws)
  const parts = assemble(options, { storage, clock, metrics, aws })
  watchDatabase(metrics, {
    db,
    isLeading: () => parts.leader.epoch() !== null,
    now: () => clock.now(),
  })

  const engine = parts.startEngine()
  const closing: (() => Promise<unknown>)[] = []
  try {
    closing.push(await askWhetherSeeded(parts))
    const nudges = await listen({
      connection: storage.connection,
      channel: engineChannel,
      onNotify: engine.wake,
      onReconnect: engine.wake,
      log: { warn: (message) => log.warn(message) },
    })
    closing.push(() => nudges.close())
    if (!options.drivenJobs) {
      const worker = await startNotifyWorker(parts.notifyPorts)
      closing.push(() => worker.stop())
    }
    const app = await buildHttp(options, { storage, clock, metrics, aws, parts })
    await app.listen({ port: config.port, host: config.host })
    const metricsApp = await listenForMetrics(config, metrics)
    return {
      url: config.publicUrl,
      app,
      engine,
      storage,
      ready: parts.ready,
      drainJobs: async () => drainJobs(parts.notifyPorts, await clock.now()),
      async stop() {
        parts.stopReading()
        await app.close()
        await metricsApp?.close()
        await engine.stop()
        for (const close of closing) await close()
        await parts.looks.settled()
        aws.close()
        await storage.close()
      },
    }
  } catch (error) {
    await engine.stop()
    for (const close of closing) await close()
    aws.close()
    await storage.close()
    throw error
  }
}

/** A copy that does not lead, or not yet, is ready by what another one seeded. */
async function askWhetherSeeded(parts: Parts): Promise<() => Promise<void>> {
  const ask = () => parts.readyIfSeeded().catch(() => {})
  await ask()
  const asking = setInterval(ask, seededEveryMs)
  const stop = async () => clearInterval(asking)
  parts.ready.then(stop, stop)
  return stop
}

interface Sides {
  readonly storage: Storage
  readonly clock: Clock
  readonly metrics: Metrics
  readonly aws: AwsSide
}

type Parts = ReturnType<typeof assemble>

function assemble({ config, log }: TeamOptions, { storage, clock, metrics, aws }: Sides) {
  const { db, owner } = storage.database
  const rules = createRulesStore()
  const confirmer = createPeopleConfirmer({ db, people: aws.people, clock, log })
  const looks = createLooks({ db, clock, assignments: aws.otherAssignments, log })
  const approversOf = createApproversOf(rules)
  const announce = createAnnounce({ approversOf })
  const leader = createLeader({
    db,
    holder: `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`,
    log: { info: (line) => log.info(line), warn: (line) => log.warn(line) },
    mayLead: () => isCodeRecentEnough(db),
  })
  const refresh = createDirectoryRefresh({ db, reader: aws.directoryReader, clock, log })
  const stopping = new AbortController()
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})

  async function refreshDirectory(now: Date): Promise<void> {
    const epoch = leader.epoch()
    if (epoch === null) return
    const refreshed = await refresh.refreshIfDue(now, { epoch, signal: stopping.signal })
    if (refreshed?.state === 'failed') {
      log.warn(
        { why: refreshed.failure },
        'the directory could not be read; trying again in a minute',
      )
    }
    await seedOnce()
  }

  async function seedOnce(): Promise<void> {
    const known = await db.selectFrom('directory_version').select('applied_at').executeTakeFirst()
    if (!known?.applied_at) return
    const { adminGroup, auditorGroup, emailSource } = config
    if (adminGroup === null && (await loadSettings(db)).version === 0) {
      const how = 'Set it to the name or id of the group whose members administer TEAM'
      return ready.reject(
        new StartError(`TEAM_ADMIN_GROUP is missing. ${how}, such as "TEAM admins".`),
      )
    }
    const seeded = await seedSettings({ db, clock }, { adminGroup, auditorGroup, emailSource })
    if (seeded.kind === 'unknown_group' || seeded.kind === 'ambiguous_group') {
      const variable = seeded.group === adminGroup ? 'TEAM_ADMIN_GROUP' : 'TEAM_AUDITOR_GROUP'
      const why =
        seeded.kind === 'unknown_group'
          ? 'is the name of no group in IAM Identity Center'
          : 'is the name of several groups in IAM Identity Center: give the id'
      ready.reject(new StartError(`${variable} "${seeded.group}" ${why}.`))
      return
    }
    ready.resolve()
  }

  async function readyIfSeeded(): Promise<void> {
    if ((await loadSettings(db)).version > 0) ready.resolve()
  }

  const chores: Chore[] = [
    { name: 'directory refresh', everyMs: 1_000, run: refreshDirectory },
    {
      name: 'permission set contents',
      everyMs: 1_000,
      run: (now) => refresh.readContentsIfDue(now),
    },
    { name: 'old refreshes', everyMs: 3_600_000, run: (now) => purgeRefreshes(db, now) },
    { name: 'anchor', everyMs: anchorEveryMs, run: (now) => anchorHead(db, log, now) },
  ]
  const notifyPorts: NotifyWorkerPorts = {
    db,
    owner,
    clock,
    sendMail: aws.mail.send,
    approversOf,
    publicUrl: config.publicUrl,
    portalUrl: config.portalUrl,
    emailSource: config.emailSource,
    log: {
      info: (line) => log.info(line),
      warn: (line) => log.warn(line),
      error: (line) => log.error(line),
    },
  }
  return {
    rules,
    confirmer,
    looks,
    announce,
    leader,
    notifyPorts,
    ready: ready.promise,
    readyIfSeeded,
    /** Ends what reads AWS for minutes. */
    stopReading: () => stopping.abort(),
    startEngine: () =>
      startEngine(
        {
          db,
          clock,
          leader,
          assignments: aws.engineAssignments,
          takeCall: () => aws.budget.take('sso-admin/engine'),
          announce,
          checkActivation: createCheckActivation(rules),
          confirmPerson: (userId) => confirmer.confirmPerson(userId),
          activationDeadlineMinutes: async () =>
            (await loadSettings(db)).settings.activationDeadlineMinutes,
          expireRequests: (now) => expireDueRequests({ db, announce }, now, expiredAtOnce),
          metrics,
          log,
        },
        chores,
      ),
  }
}

interface HttpSides extends Sides {
  readonly parts: Parts
}

async function buildHttp(
  { config, log, webRoot, version, clock: drivenClock }: TeamOptions,
  { storage, clock, parts }: HttpSides,
): Promise<App> {
  const { db, long } = storage.database
  const { rules, confirmer, looks, announce } = parts
  const store = sessionStore(db)
  const sessions: Sessions = createSessions({ store, clock })
  const loadActor = createLoadActor({ db, rules })
  const idp = identityProvider({ read: metadataReader(config.saml.metadata), clock, log })
  return buildApp({
    publicUrl: config.publicUrl,
    version,
    log,
    sessions,
    people: {
      loadActor,
      confirmPerson: (userId: UserId) => confirmer.confirmPerson(userId),
    },
    trustedProxies: config.trustedProxies,
    webRoot,
    ready: async () => {
      const why = await whyUnreachable(db)
      return why === null ? { ok: true } : { ok: false, why }
    },
    register: async (app) => {
      if (drivenClock) tellTime(app, drivenClock)
      await registerSignIn(app, {
        publicUrl: config.publicUrl,
        audience: config.saml.audience,
        secrets: config.secrets,
        clock,
        log,
        sessions,
        idp,
        rememberAssertion: store.rememberAssertion,
        idpInitiatedAllowed: async () => (await loadSettings(db)).settings.idpInitiatedAllowed,
        findPersonByUserName: confirmer.findPersonByUserName,
        recordRefusedSignIn: (refused) => recordRefusedSignIn(db, refused, refused.at),
      })
      registerResources(app, {
        db,
        long,
        clock,
        rules,
        looks,
        announce,
        confirmer,
        sessions,
        loadActor,
        publicUrl: config.publicUrl,
        portalUrl: config.portalUrl,
        connection: storage.connection,
        log,
      })
    },
  })
}

/** Pages count down by the server's `Date`: under a driven clock that is not the machine's. */
function tellTime(app: App, clock: Clock): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('date', (await clock.now()).toUTCString())
  })
}

async function listenForMetrics(config: Config, metrics: Metrics): Promise<FastifyInstance | null> {
  if (config.metricsPort === null) return null
  const app = buildMetricsApp(metrics.registry)
  await app.listen({ port: config.metricsPort, host: '127.0.0.1' })
  return app
}

export type { Leader }
