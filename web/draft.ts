import { useCallback, useState } from 'react'

/**
 * Typed prose is never put into the URL; it is kept for this tab, so that signing in again, or a
 * reload, loses nothing.
 */
export function useDraft<Value>(
  name: string,
  initial: Value,
): readonly [Value, (next: Value | ((before: Value) => Value)) => void, () => void] {
  const key = `team.draft.${name}`
  const [value, setValue] = useState<Value>(() => stored<Value>(key) ?? initial)
  const set = useCallback(
    (next: Value | ((before: Value) => Value)) => {
      setValue((before) => {
        const after = isUpdater(next) ? next(before) : next
        store(key, after)
        return after
      })
    },
    [key],
  )
  const forget = useCallback(() => {
    try {
      sessionStorage.removeItem(key)
    } catch {
      // Without storage there is nothing to forget.
    }
  }, [key])
  return [value, set, forget]
}

function isUpdater<Value>(
  next: Value | ((before: Value) => Value),
): next is (before: Value) => Value {
  return typeof next === 'function'
}

function stored<Value>(key: string): Value | null {
  try {
    const text = sessionStorage.getItem(key)
    // Written by `store` below under the same name, in this tab, by this version of the page.
    return text === null ? null : (JSON.parse(text) as Value)
  } catch {
    return null
  }
}

function store(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // A draft that can't be kept is still on the screen.
  }
}
