/**
 * The one open question, held outside the lists: a row may leave its list while it is being decided
 * on (somebody else was first), and the dialog has to stay to say so.
 */
import { useSyncExternalStore } from 'react'
import type { Request } from '#contract/request.ts'

/** Those that ask for a comment at most. */
export const plainActions = ['approve', 'reject', 'cancel', 'return', 'revoke'] as const
export type PlainAction = (typeof plainActions)[number]
export const actionNames = [...plainActions, 'extend', 'review'] as const
export type ActionName = (typeof actionNames)[number]

export interface OpenAction {
  readonly request: Request
  readonly action: ActionName
}

let open: OpenAction | null = null
const listeners = new Set<() => void>()

export function askFor(next: OpenAction | null): void {
  open = next
  for (const listener of listeners) listener()
}

export function useOpenAction(): OpenAction | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => open,
  )
}
