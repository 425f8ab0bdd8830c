import { useSyncExternalStore } from 'react'

const query = window.matchMedia('(max-width: 687px)')

/** Tables become cards and forms one column below 688 px. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      query.addEventListener('change', listener)
      return () => query.removeEventListener('change', listener)
    },
    () => query.matches,
  )
}
