/**
 * The change feed as streams want it: every event after the one they had, each once and in order.
 * One reader for all streams of this copy: woken by NOTIFY, it reads on from where it was, so a
 * wake-up that is lost costs nothing but the wait for the next one.
 */
import type { Kysely } from 'kysely'
import { type FeedEvent, feedAfter, latestFeedSeq } from '#server/store/feed.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Subscription } from './stream.ts'

export interface LiveFeed {
  /** Something may have changed; looks, and resolves when all of it is handed on. */
  wake(): Promise<void>
  subscribe(afterSeq: number | null, onEvent: (event: FeedEvent) => void): Promise<Subscription>
}

export interface LiveFeedPorts {
  readonly db: Kysely<Schema>
  readonly log: { warn(facts: object, message: string): void }
}

interface Subscriber {
  seq: number
  /** What the reader hands on while what was missed is still being read; null ever after. */
  early: FeedEvent[] | null
  readonly onEvent: (event: FeedEvent) => void
}

const eventsAtOnce = 500
/** Who was away for longer than this asks for everything anew anyhow. */
const missedEventsMax = 1_000

export function createLiveFeed({ db, log }: LiveFeedPorts): LiveFeed {
  const subscribers = new Set<Subscriber>()
  let lastSeq: number | null = null
  let reading: Promise<void> | null = null
  let wokenMeanwhile = false

  async function readOn(): Promise<void> {
    const latest = await latestFeedSeq(db)
    // Where the first subscriber began, who may have come meanwhile.
    lastSeq ??= latest
    do {
      wokenMeanwhile = false
      for (;;) {
        const events = await feedAfter(db, lastSeq, eventsAtOnce)
        for (const event of events) handOn(event)
        lastSeq = events.at(-1)?.seq ?? lastSeq
        if (events.length < eventsAtOnce) break
      }
    } while (wokenMeanwhile)
  }

  function handOn(event: FeedEvent): void {
    for (const subscriber of subscribers) deliver(subscriber, event)
  }

  function wake(): Promise<void> {
    if (reading) {
      wokenMeanwhile = true
      return reading
    }
    reading = readOn()
      .catch((error) => log.warn({ err: error }, 'The change feed could not be read'))
      .finally(() => {
        reading = null
      })
    return reading
  }

  return {
    wake,
    async subscribe(afterSeq, onEvent) {
      const latest = await latestFeedSeq(db)
      // A database that was restored may have come less far than what a browser saw before.
      const from = clamp(afterSeq ?? latest, latest - missedEventsMax, latest)
      const early: FeedEvent[] = []
      const subscriber: Subscriber = { seq: from, early, onEvent }
      // It hears of everything before what it missed is read: the reader may overtake that read.
      subscribers.add(subscriber)
      lastSeq ??= latest
      try {
        const missed = await feedAfter(db, from, missedEventsMax)
        subscriber.early = null
        for (const event of [...missed, ...early]) deliver(subscriber, event)
      } catch (error) {
        subscribers.delete(subscriber)
        throw error
      }
      await wake()
      return { close: () => void subscribers.delete(subscriber) }
    },
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}

function deliver(subscriber: Subscriber, event: FeedEvent): void {
  if (subscriber.early) {
    subscriber.early.push(event)
    return
  }
  if (event.seq <= subscriber.seq) return
  subscriber.seq = event.seq
  subscriber.onEvent(event)
}
