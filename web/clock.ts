/**
 * The server's clock in the browser, and one timer for every countdown of a page. A laptop whose
 * clock is minutes off would otherwise promise access that is already over. The `Date` header of
 * answers counts whole seconds, so small differences are left alone; one of more than twelve hours
 * would not have got through TLS and is taken for something else.
 */
import { useSyncExternalStore } from 'react'

const ignoredBelowMs = 5_000
const ignoredAboveMs = 43_200_000

let skewMs = 0

export function learnServerTime(dateHeader: string | null): void {
  const server = dateHeader === null ? Number.NaN : Date.parse(dateHeader)
  if (Number.isNaN(server)) return
  const difference = server + 500 - Date.now()
  const size = Math.abs(difference)
  skewMs = size >= ignoredBelowMs && size <= ignoredAboveMs ? difference : 0
}

export function serverNow(): Date {
  return new Date(Date.now() + skewMs)
}

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | null = null
let second = Math.floor(Date.now() / 1000)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    second = Math.floor(Date.now() / 1000)
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** Renders again every second. */
export function useNow(): Date {
  useSyncExternalStore(subscribe, () => second)
  return serverNow()
}
