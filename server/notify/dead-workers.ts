/**
 * A job of a killed process is taken up within seconds. The job queue itself would leave it locked
 * for four hours, because it cannot know whether its worker is dead or slow.
 *
 * Each pool of workers holds an advisory lock, named by the pool's id, on the very connection on
 * which it listens for jobs: PostgreSQL lets go of it when that connection ends. A lock that can be
 * taken means that nobody is there. A pool that lost only its connection may so be taken for dead
 * while it sends; then a mail goes out twice, which send-notice.ts allows for.
 */
import type { WorkerEvents } from 'graphile-worker'
import type pg from 'pg'

/** "team" as a number: the class of these locks among all advisory locks. */
const lockClass = 0x7465616d
/** A pool begins to work a moment before its lock is taken. */
const lockedAtLeastMs = 5_000

export const sweepEveryMs = 5_000

/** Both events come just before a statement of the queue's own, so ours waits for that one's end. */
export function showLife(events: WorkerEvents, log: { warn(message: string): void }): void {
  events.on('pool:listen:success', ({ workerPool, client }) => {
    client.once('drain', () => {
      client
        .query('select pg_advisory_lock_shared($1, hashtext($2))', [lockClass, workerPool.id])
        .catch((error: Error) => log.warn(`Job workers could not show life: ${error.message}`))
    })
  })
  events.on('pool:listen:release', ({ client }) => {
    client.once('drain', () => {
      // If it fails the connection is broken, and the lock gone with it.
      client.query('select pg_advisory_unlock_all()').catch(() => undefined)
    })
  })
}

/** Answers how many pools were found dead. */
export async function releaseDeadWorkers(owner: pg.Pool, now: Date): Promise<number> {
  const { rows } = await owner.query<{ dead: number }>(
    `with holder as (
       select locked_by from graphile_worker.jobs
       where locked_by is not null group by locked_by having max(locked_at) < $1
     ), dead as (
       select locked_by from holder where pg_try_advisory_xact_lock($2, hashtext(locked_by))
     ), freed as (
       select graphile_worker.force_unlock_workers(array_agg(locked_by)) from dead having count(*) > 0
     )
     select (select count(*)::int from dead) as dead from (select count(*) from freed) as done`,
    [new Date(now.getTime() - lockedAtLeastMs), lockClass],
  )
  return rows[0]?.dead ?? 0
}

/** Keys of jobs that nobody will try again, because a worker died in their last attempt. */
export async function takeExhausted(owner: pg.Pool, task: string): Promise<string[]> {
  const { rows } = await owner.query<{ id: string; key: string | null }>(
    `select id, key from graphile_worker.jobs
     where task_identifier = $1 and locked_at is null and attempts >= max_attempts
     limit 100`,
    [task],
  )
  return rows.map((row) => row.key ?? '').filter((key) => key !== '')
}

export async function dropExhausted(owner: pg.Pool, task: string, key: string): Promise<void> {
  await owner.query(
    `select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs
     where task_identifier = $1 and key = $2 and locked_at is null and attempts >= max_attempts
     having count(*) > 0`,
    [task, key],
  )
}
