/**
 * Runs the job queue: graphile-worker on the owner's connection, because its tables are the owner's.
 * What the jobs themselves read and write goes through the application's role.
 *
 * The queue's own runner ends for good when it cannot tell the database how a job went; this one
 * then starts another, for as long as the server runs.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import {
  Logger,
  type Runner,
  type RunnerOptions,
  run,
  runOnce,
  type WorkerEvents,
} from 'graphile-worker'
import type pg from 'pg'
import { noticeQueues } from '#server/store/change.ts'
import {
  dropExhausted,
  releaseDeadWorkers,
  showLife,
  sweepEveryMs,
  takeExhausted,
} from './dead-workers.ts'
import {
  type JobPorts,
  sendNoticeTask,
  sessionLogTask,
  taskList,
  timedJobs,
  timetable,
} from './jobs.ts'
import { giveUp } from './send-notice.ts'
import { slackClickTask } from './slack/click.ts'

export interface NotifyLog {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface NotifyWorkerPorts extends JobPorts {
  readonly owner: pg.Pool
  readonly log: NotifyLog
}

export interface NotifyWorker {
  /** Finishes the jobs in hand, or gives them back after ten seconds. */
  stop(): Promise<void>
}

/**
 * Jobs at once, and connections of the owner's pool in use at once, beside one that listens: one for
 * each queue of notices, so that a channel that hangs keeps nobody waiting, and two for the rest.
 */
const jobsAtOnce = noticeQueues + 2
/**
 * Without a delay, be it none, the queue neither waits for its report of how a job went nor hears of
 * its failure: a database that is away would then end the whole process.
 */
const reportsInOrder: NonNullable<RunnerOptions['preset']> = {
  worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
}
/** New jobs are announced; only retries and jobs of the timetable wait for a poll. */
const pollEveryMs = 500
const stopWaitMs = 10_000
const restartWaitMs = { min: 500, max: 30_000 }

export async function startNotifyWorker(ports: NotifyWorkerPorts): Promise<NotifyWorker> {
  const stopping = new AbortController()
  let current = await startRunner(ports)
  const sweeping = keepSweeping(ports, stopping.signal)
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const why = await ended(current)
      if (stopping.signal.aborted) return
      ports.log.error(`The job workers stopped: ${why}. Starting them again.`)
      const next = await startAgain(ports, stopping.signal)
      if (next === null) return
      current = next
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await stopRunner(current)
      await Promise.all([watching, sweeping])
    },
  }
}

function startRunner(ports: NotifyWorkerPorts): Promise<Runner> {
  const events: WorkerEvents = new EventEmitter()
  showLife(events, ports.log)
  return run({
    pgPool: ports.owner,
    taskList: taskList(ports),
    parsedCronItems: timetable(),
    concurrency: jobsAtOnce,
    pollInterval: pollEveryMs,
    noHandleSignals: true,
    useNodeTime: true,
    logger: queueLogger(ports.log),
    events,
    preset: reportsInOrder,
  })
}

async function startAgain(ports: NotifyWorkerPorts, stop: AbortSignal): Promise<Runner | null> {
  let waitMs = restartWaitMs.min
  while (!stop.aborted) {
    await wait(waitMs, null, { signal: stop }).catch(() => null)
    if (stop.aborted) return null
    try {
      return await startRunner(ports)
    } catch (error) {
      ports.log.warn(`The job workers could not start: ${messageOf(error)}`)
      waitMs = Math.min(waitMs * 2, restartWaitMs.max)
    }
  }
  return null
}

async function ended(runner: Runner): Promise<string> {
  try {
    await runner.promise
    return 'they ended by themselves'
  } catch (error) {
    return messageOf(error)
  }
}

async function stopRunner(runner: Runner): Promise<void> {
  const over = new AbortController()
  const late = wait(stopWaitMs, 'late' as const, { signal: over.signal }).catch(
    () => 'over' as const,
  )
  const stopped = runner.stop().then(
    () => 'stopped' as const,
    // It had ended already.
    () => 'stopped' as const,
  )
  if ((await Promise.race([stopped, late])) === 'late') await runner.kill().catch(() => undefined)
  over.abort()
}

async function keepSweeping(ports: NotifyWorkerPorts, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await sweep(ports, new Date()).catch((error: unknown) => {
      ports.log.warn(`Jobs of dead workers could not be looked for: ${messageOf(error)}`)
    })
    await wait(sweepEveryMs, null, { signal: stop, ref: false }).catch(() => null)
  }
}

/** On this machine's clock, as the queue's own locks are. */
export async function sweep(ports: NotifyWorkerPorts, now: Date): Promise<void> {
  const dead = await releaseDeadWorkers(ports.owner, now)
  if (dead > 0) ports.log.warn(`Took up the jobs of ${dead} pool(s) of workers that are gone`)
  for (const noticeId of await takeExhausted(ports.owner, sendNoticeTask)) {
    await giveUp(ports, noticeId)
    await dropExhausted(ports.owner, sendNoticeTask, noticeId)
  }
}

/** Whenever a job was locked, it was before. */
const endOfTime = new Date('9999-01-01T00:00:00Z')

export interface Drained {
  readonly done: number
  readonly putOff: number
}

/**
 * For a driven clock: every waiting job is tried once, whatever its time, and what those jobs queue.
 * Nobody else may be working the queue: what is locked is taken for a dead worker's.
 */
export async function drainJobs(ports: NotifyWorkerPorts, now?: Date): Promise<Drained> {
  const driven = now === undefined ? ports : { ...ports, clock: { now: () => now } }
  const events: WorkerEvents = new EventEmitter()
  const drained = { done: 0, putOff: 0 }
  events.on('job:success', () => {
    drained.done += 1
  })
  events.on('job:error', () => {
    drained.putOff += 1
  })
  await releaseDeadWorkers(ports.owner, endOfTime)
  await bringForward(ports.owner)
  const tasks = taskList(driven)
  // The queue's own "once" ends where a job waits for another of its queue that has just ended.
  do {
    await runOnce({
      pgPool: ports.owner,
      taskList: tasks,
      noHandleSignals: true,
      logger: queueLogger(ports.log),
      events,
      preset: reportsInOrder,
    })
  } while (await isAnyReady(ports.owner, Object.keys(tasks)))
  await sweep(driven, new Date())
  return drained
}

/** What was just put off is not: its time lies ahead. */
async function isAnyReady(owner: pg.Pool, tasks: readonly string[]): Promise<boolean> {
  const { rows } = await owner.query<{ ready: boolean }>(
    `select exists (
       select from graphile_worker.jobs
       where task_identifier = any($1) and locked_at is null and attempts < max_attempts
         and run_at <= $2) as ready`,
    [tasks, new Date()],
  )
  return rows[0]?.ready ?? false
}

async function bringForward(owner: pg.Pool): Promise<void> {
  const names = [sendNoticeTask, slackClickTask, ...timedJobs.map(({ name }) => name)]
  await owner.query(
    `select graphile_worker.reschedule_jobs(array_agg(id), run_at => to_timestamp(0))
     from graphile_worker.jobs
     where task_identifier = $2 or (task_identifier = any($1) and attempts > 0) having count(*) > 0`,
    // Its steps are for a moment to come when they are queued.
    [names, sessionLogTask],
  )
}

/** A failed attempt is no error yet: the notice remembers it, and tells if it was the last. */
function queueLogger(log: NotifyLog): Logger {
  return new Logger(() => (level, message) => {
    const [line = ''] = message.split('\n', 1)
    if (level === 'error' || level === 'warning') log.warn(line)
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
