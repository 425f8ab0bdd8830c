import type { KeyboardEvent, ReactNode } from 'react'

/**
 * A form that is sent by its primary button or by Ctrl/⌘+Enter from any field. The Enter that ends
 * an IME composition never sends: while composing, and for the key event that ends it (229).
 */
export function PageForm(props: {
  label: string
  onSend: () => void
  children: ReactNode
}): ReactNode {
  const onKeyDown = (event: KeyboardEvent) => {
    const composing = event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229
    if (event.key !== 'Enter' || composing) return
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      props.onSend()
      return
    }
    // Plain Enter in a field of one line must not send a request for access by accident.
    if (event.target instanceof HTMLInputElement) event.preventDefault()
  }
  return (
    <form
      noValidate
      aria-label={props.label}
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault()
        props.onSend()
      }}
    >
      {props.children}
    </form>
  )
}

/** Brings keyboard and eye to the first field that is wrong, once it is marked. */
export function focusFirstInvalid(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>('#content [aria-invalid="true"]')
    field?.focus()
    field?.scrollIntoView({ block: 'center' })
  })
}
