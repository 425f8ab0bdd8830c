/**
 * The domain's promise 10: before a copy may lead, it compares the database with what is kept outside
 * it. A database that is behind was restored: access may exist that it knows nothing of, and access
 * that it takes for live may have been ended. Then nothing is created until the log was replayed.
 */
import type { Kysely } from 'kysely'
import type { TellOverseers } from '#server/store/announce-port.ts'
import { change, systemActor } from '#server/store/change.ts'
import { holdCreations } from '#server/store/creation-hold.ts'
import { installationId } from '#server/store/installation.ts'
import { unknownIntents } from '#server/store/intents.ts'
import type { Schema } from '#server/store/schema.ts'
import type { IntentLine, IntentLog, KeptAnchor } from './intent-log.ts'

export interface HoldPorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly intentLog: IntentLog
  readonly tellOverseers: TellOverseers
  readonly log: { warn(facts: object, message: string): void }
}

const linesAtOnce = 1_000

/** Answers why, or null if the database is not behind. */
export async function holdIfBehind(ports: HoldPorts): Promise<string | null> {
  const { db, intentLog } = ports
  const installation = await installationId(db)
  const reason =
    (await behindAnchor(db, installation, await intentLog.readAnchor())) ??
    (await behindLog(db, installation, intentLog))
  if (reason === null) return null
  ports.log.warn({ reason }, 'held after a restore: nothing is created')
  await change(db, await ports.clock.now(), async (c) => {
    if (!(await holdCreations(c.tx, { reason, since: c.at }))) return
    c.event({
      actor: systemActor,
      action: 'recovery.hold',
      object: { type: 'installation', id: installation },
      payload: { reason },
    })
    await ports.tellOverseers(c, { event: 'creations_held', facts: { reason } })
  })
  return reason
}

async function behindAnchor(
  db: Kysely<Schema>,
  installation: string,
  anchor: KeptAnchor | null,
): Promise<string | null> {
  if (anchor?.installation !== installation || anchor.seq === 0) return null
  const event = await db
    .selectFrom('audit_event')
    .select('hash')
    .where('seq', '=', anchor.seq)
    .executeTakeFirst()
  if (event?.hash.toString('hex') === anchor.hash) return null
  return event === undefined
    ? `The database ends before event ${anchor.seq}, which was anchored outside it.`
    : `Event ${anchor.seq} of the database is not the one that was anchored outside it.`
}

async function behindLog(
  db: Kysely<Schema>,
  installation: string,
  intentLog: IntentLog,
): Promise<string | null> {
  let unknown = 0
  for await (const part of parts(intentLog.lines(), installation)) {
    unknown += (await unknownIntents(db, part)).length
  }
  return unknown === 0 ? null : `The log of intents has ${unknown} that the database does not know.`
}

/** Lines of this installation, some at a time. */
export async function* parts(
  lines: AsyncIterable<IntentLine>,
  installation: string,
): AsyncGenerator<IntentLine[]> {
  let part: IntentLine[] = []
  for await (const line of lines) {
    if (line.installation !== installation) continue
    part.push(line)
    if (part.length < linesAtOnce) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}
