/**
 * What became stale is asked for again: at once after a while of quiet, else a few times a second.
 * Nothing is asked for while it is still being asked for: a house where something always changes
 * would otherwise break off each answer before it came.
 */
type Key = readonly string[]

const gatherMs = 200

export function createAskAgain(ask: (key: Key) => Promise<unknown>) {
  const waiting = new Map<string, Key>()
  const asking = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastMs = Number.NEGATIVE_INFINITY

  function schedule(): void {
    if (waiting.size === 0) return
    timer ??= setTimeout(flush, Math.max(0, lastMs + gatherMs - performance.now()))
  }

  function flush(): void {
    timer = undefined
    lastMs = performance.now()
    for (const [name, key] of waiting) {
      if (asking.has(name)) continue
      waiting.delete(name)
      asking.add(name)
      void ask(key).finally(() => {
        asking.delete(name)
        schedule()
      })
    }
  }

  return {
    add(keys: readonly Key[]): void {
      for (const key of keys) waiting.set(JSON.stringify(key), key)
      schedule()
    },
    stop: () => clearTimeout(timer),
  }
}
