/**
 * TEAM, put together: the one place that knows every room. Tests start it with a driven clock and
 * AWS's address in hand; production with nothing but its configuration.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { UserId } from '#core/ids.ts'
import { recordRefusedSignIn } from '#server/audit/refused-sign-ins.ts'
import type { Config } from '#server/config.ts'
import type { Engine } from '#server/engine/engine.ts'
import { type App, buildApp } from '#server/http/app.ts'
import { buildMetricsApp, registerMetrics } from '#server/http/health.ts'
import { type Clock, everyInRealTime } from '#server/http/ports.ts'
import { registerResources } from '#server/http/register-all.ts'
import { identityProvider, metadataReader } from '#server/http/sign-in/idp.ts'
import { registerSignIn } from '#server/http/sign-in/routes.ts'
import { createSessions, type Sessions } from '#server/http/sign-in/sessions.ts'
import { createTokens } from '#server/http/sign-in/tokens.ts'
import { createLogger, type Logger } from '#server/log.ts'
import { createSendTest } from '#server/notify/send-test.ts'
import { type Drained, drainJobs, startNotifyWorker } from '#server/notify/worker.ts'
import { createActorOf, createLoadActor } from '#server/operations/actor.ts'
import { holdIfBehind } from '#server/recover/hold.ts'
import { openIntentLog } from '#server/recover/intent-log.ts'
import { engineChannel } from '#server/store/change.ts'
import { databaseNow, listen, ownerOver, whyUnreachable } from '#server/store/database.ts'
import { createDatabaseClock } from '#server/store/database-clock.ts'
import { sessionStore } from '#server/store/sessions.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type AwsOverrides, type AwsSide, openAws } from './aws-side.ts'
import { createMetrics, type Metrics, watchDatabase } from './metrics.ts'
import { metricsLine } from './metrics-line.ts'
import { createParts, type Parts } from './parts.ts'
import { checkPlaces } from './places.ts'
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

const seededEveryMs = 250
const metricsLineEveryMs = 60_000

export async function startTeam(options: TeamOptions): Promise<Team> {
  const { config, log } = options
  for (const line of await checkPlaces(config)) log.error(line)
  const storage = await openStorage(config, log)
  const { database } = storage
  const { db } = database
  const clock = options.clock ?? createDatabaseClock({ read: () => databaseNow(db) })
  const metrics = createMetrics()
  const aws = openAws({ database, metrics, region: config.awsRegion }, options.aws)
  const intentLog = openIntentLog(config.dataDir)
  const parts = createParts({ config, log, database, clock, metrics, aws, intentLog })
  watchDatabase(metrics, {
    db,
    isLeading: () => parts.leader.epoch() !== null,
    now: () => clock.now(),
  })

  try {
    await holdIfBehind({ db, clock, intentLog, tellOverseers: parts.tellOverseers, log })
    await sealAnew(parts, clock, log)
  } catch (error) {
    aws.close()
    await storage.close()
    throw error
  }
  const engine = parts.startEngine()
  const closing: (() => Promise<unknown>)[] = []
  let leaving = false
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
    const isLeaving = () => leaving
    const app = await buildHttp(options, { storage, clock, metrics, aws, parts, isLeaving })
    await app.listen({ port: config.port, host: config.host })
    const metricsApp = await listenForMetrics(config, metrics)
    closing.push(logMetrics(config, metrics))
    return {
      url: config.publicUrl,
      app,
      engine,
      storage,
      ready: parts.ready,
      drainJobs: async () => drainJobs(parts.notifyPorts, await clock.now()),
      async stop() {
        leaving = true
        await pause(config.drainSeconds * 1000)
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

async function sealAnew({ vault }: Parts, clock: Clock, log: Logger): Promise<void> {
  const names = await vault.sealAnew(await clock.now())
  if (names.length > 0) log.info({ names }, 'secrets were sealed anew with the present TEAM_SECRET')
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

interface HttpSides extends Sides {
  readonly parts: Parts
  readonly isLeaving: () => boolean
}

async function buildHttp(
  { config, log, webRoot, version, clock: drivenClock }: TeamOptions,
  { storage, clock, parts, metrics, isLeaving }: HttpSides,
): Promise<App> {
  const { db, long } = storage.database
  const { rules, vault, confirmer, looks, announce, tellOverseers } = parts
  const store = sessionStore(db)
  const sessions: Sessions = createSessions({ store, clock })
  const loadActor = createLoadActor({ db, rules })
  const idp = identityProvider({ read: metadataReader(config.saml.metadata), clock, log })
  return buildApp({
    publicUrl: config.publicUrl,
    version,
    log,
    sessions,
    tokens: createTokens({
      db,
      clock,
      recordRefused: (refused, at) => recordRefusedSignIn(db, refused, at),
    }),
    people: {
      loadActor,
      actorOf: createActorOf({ db, rules }),
      confirmPerson: (userId: UserId) => confirmer.confirmPerson(userId),
    },
    trustedProxies: config.trustedProxies,
    webRoot,
    isLeaving,
    ready: async () => {
      if (isLeaving()) return { ok: false, why: 'This copy is stopping.' }
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
      if (config.metricsPort === null) registerMetrics(app, metrics.registry)
      registerResources(app, {
        db,
        long,
        owner: ownerOver(storage.database.owner),
        clock,
        rules,
        vault,
        looks,
        announce,
        tellOverseers,
        confirmer,
        sessions,
        sendTest: createSendTest(parts.notifyPorts),
        loadActor,
        openRecord: parts.openRecord,
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

/** Whatever LOG_LEVEL says: alarms hang on it. */
function logMetrics(config: Config, metrics: Metrics): () => Promise<void> {
  const { metricsNamespace: namespace } = config
  if (namespace === null) return async () => undefined
  const log = createLogger('info')
  const installation = new URL(config.publicUrl).host
  const timer = everyInRealTime(metricsLineEveryMs, () => {
    metricsLine(metrics, { namespace, installation, at: new Date() }).then(
      (line) => log.info(line, 'metrics'),
      (error) => log.error({ err: error }, 'metrics could not be read'),
    )
  })
  return async () => timer.stop()
}
