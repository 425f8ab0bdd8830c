/** Every job of TEAM that is not access: its name, what it does, how often and why that often. */
import { type ParsedCronItem, parseCronItems, type TaskList } from 'graphile-worker'
import type pg from 'pg'
import { z } from 'zod'
import { applyRetention } from '#server/audit/retention.ts'
import { type SessionLogPorts, stepSessionLog } from '#server/audit/session-logs/step.ts'
import { queueSummaries } from '#server/audit/session-logs/summaries.ts'
import { ownerOver } from '#server/store/database.ts'
import {
  closeRefusedSignIns,
  type Housekeeping,
  purgeChangeFeed,
  purgeIdempotencyKeys,
  purgeLooks,
  purgeNotices,
  purgePeopleAtTheDoor,
  purgeSessionLogs,
  purgeSlackInteractions,
} from './housekeeping.ts'
import { type NoticePorts, sendNotice } from './send-notice.ts'
import { clickSchema, slackClickTask } from './slack/click.ts'

export const sendNoticeTask = 'send-notice'
export const sessionLogTask = 'session-log'

export interface TimedJob {
  readonly name: string
  readonly what: string
  /** Minute, hour, day, month, weekday; UTC. */
  readonly when: string
  readonly why: string
  /** How far back a run that was missed is made up for. */
  readonly madeUpHours: number
  readonly run: Housekeeping
  /** Does what the application's role may not: it is given the owner's connection. */
  readonly asOwner?: true
}

export const timedJobs: readonly TimedJob[] = [
  {
    name: 'close-refused-sign-ins',
    what: 'Writes one event with the count of refused sign-ins that were only counted in the hour.',
    when: '1 * * * *',
    why: 'The domain asks for one such event an hour.',
    madeUpHours: 0,
    run: closeRefusedSignIns,
  },
  {
    name: 'purge-idempotency-keys',
    what: 'Removes idempotency keys older than a day.',
    when: '11 * * * *',
    why: 'They are good for 24 h; hourly, so that none is good for much longer.',
    madeUpHours: 0,
    run: purgeIdempotencyKeys,
  },
  {
    name: 'purge-sign-ins',
    what: 'Removes sessions that were over a day ago, and assertion ids that have expired.',
    when: '21 * * * *',
    why: 'Neither is valid any more; hourly keeps the tables small.',
    madeUpHours: 0,
    run: purgePeopleAtTheDoor,
  },
  {
    name: 'purge-change-feed',
    what: 'Removes lines of the change feed older than a day.',
    when: '31 * * * *',
    why: 'A stream resumes after minutes, not days; it is the table that grows fastest.',
    madeUpHours: 0,
    run: purgeChangeFeed,
  },
  {
    name: 'purge-looks',
    what: 'Removes looks at targets older than an hour.',
    when: '41 * * * *',
    why: 'A look serves for one minute.',
    madeUpHours: 0,
    run: purgeLooks,
  },
  {
    name: 'queue-use-summaries',
    what: 'Queues the summaries of use that are due, or drops them while no source is set.',
    when: '* * * * *',
    why: 'A few at a time, as often as there is room for a few more.',
    madeUpHours: 0,
    run: queueSummaries,
  },
  {
    name: 'purge-session-logs',
    what: 'Removes session logs with their raw records 15 minutes after they were found.',
    when: '* * * * *',
    why: 'They are kept for 15 minutes and not for 16.',
    madeUpHours: 0,
    run: purgeSessionLogs,
  },
  {
    name: 'purge-slack-interactions',
    what: 'Removes what is remembered of requests by Slack after an hour.',
    when: '46 * * * *',
    why: 'A signature is good for ten minutes; hourly keeps the table small.',
    madeUpHours: 0,
    run: purgeSlackInteractions,
  },
  {
    name: 'purge-notices',
    what: 'Removes notices older than 90 days, unless they are still to be sent.',
    when: '51 3 * * *',
    why: 'They are kept for 90 days; a day more or less does not matter.',
    madeUpHours: 24,
    run: purgeNotices,
  },
  {
    name: 'apply-retention',
    what: 'Removes requests and events older than seven years, unless a legal hold keeps them.',
    when: '11 4 * * *',
    why: 'They are kept for seven years; a day more does not matter, and at night nobody waits.',
    madeUpHours: 24,
    run: applyRetention,
    asOwner: true,
  },
]

const noticePayload = z.object({ noticeId: z.uuid() })
const logPayload = z.object({ logId: z.uuid() })

export type JobPorts = NoticePorts & {
  readonly owner: pg.Pool
  /** Absent: this worker does none of these. */
  readonly sessionLogs?: Omit<SessionLogPorts, 'db' | 'clock'>
}

export function taskList(ports: JobPorts): TaskList {
  const owner = ownerOver(ports.owner)
  const tasks: TaskList = {
    [sendNoticeTask]: async (payload, { job }) => {
      const { noticeId } = noticePayload.parse(payload)
      const isLast = job.attempts >= job.max_attempts
      await sendNotice(ports, noticeId, { number: job.attempts, isLast })
    },
  }
  const { sessionLogs, db, clock } = ports
  if (sessionLogs) {
    tasks[sessionLogTask] = async (payload) => {
      const { logId } = logPayload.parse(payload)
      await stepSessionLog({ ...sessionLogs, db, clock }, logId)
    }
  }
  const { onSlackClick } = ports
  if (onSlackClick) {
    tasks[slackClickTask] = async (payload) => onSlackClick(clickSchema.parse(payload))
  }
  for (const { name, run, asOwner } of timedJobs) {
    tasks[name] = async () => {
      await run(asOwner ? owner : ports.db, await ports.clock.now())
    }
  }
  return tasks
}

export function timetable(): ParsedCronItem[] {
  return parseCronItems(
    timedJobs.map(({ name, when, madeUpHours }) => ({
      task: name,
      match: when,
      options: { backfillPeriod: madeUpHours * 3_600_000, maxAttempts: 3, jobKey: name },
    })),
  )
}
