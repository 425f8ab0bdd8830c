/**
 * Live updates: one stream of server-sent events a tab. A message only names what changed; the cache
 * then asks for it again, so a message that is lost, doubled or late can never show a wrong state.
 * After three failures in a row the tab polls every 15 s until the stream is back.
 */
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { createAskAgain } from './asked-again.ts'
import { serverNow } from './clock.ts'

export type LiveState =
  | { readonly kind: 'live' | 'reconnecting' | 'polling' }
  | { readonly kind: 'offline'; readonly since: Date }

const failuresBeforePolling = 3
const pollEveryMs = 15_000
const reopenAfterMsMax = 15_000

/** Whatever changes is also an event of the trail. */
const trail = ['audit', 'events']

type Keys = readonly (readonly string[])[]

/** What each type of message makes stale: beginnings of query keys. */
const staleBy: Readonly<Record<string, Keys>> = {
  request: [['requests'], ['access'], ['counts'], ['reconciler'], ['notices'], ['preview'], trail],
  submission: [['requests'], ['counts']],
  'eligibility-policy': [['access'], ['eligibility-policies'], ['eligible'], ['preview'], trail],
  'approver-policy': [
    ['access'],
    ['approver-policies'],
    ['me'],
    ['counts'],
    ['requests'],
    ['preview'],
    trail,
  ],
  proposal: [['proposals'], ['counts'], trail],
  setting: [['settings'], ['me'], ['eligible'], ['preview'], trail],
  'access-look': [['access']],
  'target-look': [['preview']],
  directory: [['directory'], ['reconciler'], ['access'], ['me'], ['eligible'], ['preview'], trail],
  key: [['reconciler'], ['counts'], trail],
  person: [['me'], ['counts'], ['requests'], ['eligible'], ['preview']],
}

export function staleKeys(message: string): Keys {
  try {
    const value: unknown = JSON.parse(message)
    if (typeof value !== 'object' || value === null || !('type' in value)) return []
    const { type } = value
    // That a notice about a request arrived shows on that request alone.
    if (type === 'notice' && 'id' in value) return [['requests', 'one', String(value.id)]]
    const known = typeof type === 'string' && Object.hasOwn(staleBy, type)
    return known ? (staleBy[type] ?? []) : []
  } catch {
    return []
  }
}

let state: LiveState = { kind: 'reconnecting' }
let streamState: 'live' | 'reconnecting' | 'polling' = 'reconnecting'
let offlineSince: Date | null = null
const listeners = new Set<() => void>()

function publish(): void {
  const next: LiveState = offlineSince
    ? { kind: 'offline', since: offlineSince }
    : { kind: streamState }
  const same = next.kind === state.kind && next.kind !== 'offline'
  if (same || (next.kind === 'offline' && state.kind === 'offline')) return
  state = next
  for (const listener of listeners) listener()
}

export function useLive(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

/** Every call to the server says whether it got through. */
export function noteReached(reached: boolean): void {
  if (reached) offlineSince = null
  else offlineSince ??= serverNow()
  publish()
}

/** `afterChange`: what this tab has read is at least as new as this change. */
export function startLive(client: QueryClient, afterChange: number): () => void {
  let source: EventSource | null = null
  let lastSeen = String(afterChange)
  let failures = 0
  let reopen: ReturnType<typeof setTimeout> | undefined
  const again = createAskAgain((key) => client.invalidateQueries({ queryKey: key }))

  const refetch = () => void client.invalidateQueries()
  const poll = setInterval(() => {
    if (streamState !== 'live' && failures >= failuresBeforePolling) refetch()
  }, pollEveryMs)

  const onMessage = (event: MessageEvent<string>) => {
    lastSeen = event.lastEventId
    again.add(staleKeys(event.data))
  }
  const onOpen = () => {
    const missed = failures > 0
    failures = 0
    streamState = 'live'
    noteReached(true)
    if (missed) refetch()
  }
  const onError = () => {
    failures += 1
    streamState = failures >= failuresBeforePolling ? 'polling' : 'reconnecting'
    publish()
    // Whether only the stream was lost, or TEAM cannot be reached, is said at once.
    void client.invalidateQueries({ queryKey: ['me'] })
    // The browser tries again by itself, unless the server answered with an error.
    if (source?.readyState !== EventSource.CLOSED) return
    clearTimeout(reopen)
    reopen = setTimeout(open, Math.min(reopenAfterMsMax, 500 * 2 ** failures))
  }
  const open = () => {
    source?.close()
    source = new EventSource(`/api/v1/stream?${new URLSearchParams({ after: lastSeen })}`)
    source.onopen = onOpen
    source.onmessage = onMessage
    source.onerror = onError
  }

  open()
  return () => {
    source?.close()
    clearInterval(poll)
    clearTimeout(reopen)
    again.stop()
  }
}
