import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { applicationRole, type Connection, clientConfig } from './database.ts'

/**
 * A nudge is a hint: it carries no data that matters and may be lost while the connection is down.
 * `onReconnect` says that one may have been, so that the listener looks for itself.
 */
export interface Listener {
  close(): Promise<void>
}

export interface ListenOptions {
  connection: Connection
  channel: string
  onNotify(payload: string): void
  onReconnect(): void
  log: { warn(message: string): void }
}

const retryMsMin = 100
const retryMsMax = 5_000
const connectWaitMs = 5_000
// A connection cut without a word (a lost route, a suspended machine) looks like silence.
const proofOfLifeMs = 15_000
const answerWaitMs = 5_000

/** Resolves once the channel is listened to; rejects if that fails the first time. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const closing = new AbortController()
  const first = await subscribe(options)
  const watching = keepListening(first, options, closing.signal)
  return {
    async close() {
      closing.abort()
      await watching
    },
  }
}

interface Subscription {
  client: pg.Client
  /** Settles with the reason when the connection is gone; never rejects. */
  lost: Promise<string>
}

async function subscribe({ connection, channel, onNotify }: ListenOptions): Promise<Subscription> {
  const client = new pg.Client({
    ...clientConfig(connection, 'team listen', { role: applicationRole }),
    connectionTimeoutMillis: connectWaitMs,
    query_timeout: answerWaitMs,
  })
  const lost = new Promise<string>((settle) => {
    client.on('error', (error) => settle(error.message))
    client.on('end', () => settle('the connection ended'))
  })
  client.on('notification', ({ payload }) => onNotify(payload ?? ''))
  try {
    await client.connect()
    await client.query(`listen ${client.escapeIdentifier(channel)}`)
    return { client, lost }
  } catch (error) {
    await drop(client)
    throw error
  }
}

async function keepListening(
  first: Subscription,
  options: ListenOptions,
  closing: AbortSignal,
): Promise<void> {
  let current: Subscription | null = first
  while (current !== null) {
    const reason = await waitForLoss(current, closing)
    await drop(current.client)
    if (reason === null) return
    options.log.warn(`Listening to ${options.channel} was interrupted: ${reason}`)
    current = await resubscribe(options, closing)
    if (current !== null) options.onReconnect()
  }
}

/** `null`: closed on purpose. */
async function waitForLoss(
  { client, lost }: Subscription,
  closing: AbortSignal,
): Promise<string | null> {
  const closed = new Promise<null>((settle) => {
    if (closing.aborted) settle(null)
    closing.addEventListener('abort', () => settle(null), { once: true })
  })
  for (;;) {
    const done = new AbortController()
    const rest = pause(proofOfLifeMs, 'ask', { signal: done.signal, ref: false }).catch(() => 'ask')
    const what = await Promise.race([closed, lost, rest])
    done.abort()
    if (what !== 'ask') return what
    const silence = await client.query('select 1').then(
      () => null,
      (error: Error) => error.message,
    )
    if (silence !== null) return closing.aborted ? null : silence
  }
}

async function resubscribe(
  options: ListenOptions,
  closing: AbortSignal,
): Promise<Subscription | null> {
  let waitMs = retryMsMin
  while (!closing.aborted) {
    try {
      return await subscribe(options)
    } catch {
      await pause(waitMs, null, { signal: closing }).catch(() => null)
      waitMs = Math.min(waitMs * 2, retryMsMax)
    }
  }
  return null
}

async function drop(client: pg.Client): Promise<void> {
  await Promise.race([
    client.end().catch(() => undefined),
    pause(answerWaitMs, null, { ref: false }),
  ])
}
