/** Outcomes of one's own actions, shown in the flashbar. Errors stay until they are closed. */
import { useSyncExternalStore } from 'react'

export interface FlashMessage {
  readonly id: string
  readonly type: 'success' | 'info' | 'error' | 'warning'
  readonly text: string
  /** Where one can look at what was done. */
  readonly link?: { readonly href: string; readonly text: string }
}

const successMs = 8_000
const shownMax = 5

let messages: readonly FlashMessage[] = []
let count = 0
const listeners = new Set<() => void>()

function publish(next: readonly FlashMessage[]): void {
  messages = next
  for (const listener of listeners) listener()
}

export function closeFlash(id: string): void {
  publish(messages.filter((message) => message.id !== id))
}

/** A message that somebody is reading with the keyboard stays. */
function closeUnlessFocused(id: string): void {
  const bar = document.getElementById('flashbar')
  if (bar?.contains(document.activeElement)) setTimeout(() => closeUnlessFocused(id), successMs)
  else closeFlash(id)
}

export function flash(message: Omit<FlashMessage, 'id'>): void {
  count += 1
  const id = `flash-${count}`
  publish([{ ...message, id }, ...messages].slice(0, shownMax))
  if (message.type === 'success' || message.type === 'info') {
    setTimeout(() => closeUnlessFocused(id), successMs)
  }
}

export function useFlashes(): readonly FlashMessage[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => messages,
  )
}
