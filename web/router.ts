/**
 * The URL is the state. A page reads its parameters from here and writes them back; links are plain
 * anchors, caught once for the whole document, so that every Cloudscape component with an `href`
 * navigates without a wrapper of its own.
 */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const here = () => window.location.pathname + window.location.search + window.location.hash

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === here()) return
  const from = window.location.pathname
  if (options.replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  if (window.location.pathname !== from && !options.replace) window.scrollTo(0, 0)
  changed()
}

export interface Place {
  readonly path: string
  readonly search: URLSearchParams
  readonly hash: string
}

export function usePlace(): Place {
  const text = useSyncExternalStore(subscribe, here)
  const url = new URL(text, window.location.origin)
  return { path: url.pathname, search: url.searchParams, hash: url.hash.slice(1) }
}

/** Changes parameters of the present page; null takes one away, several values repeat it. */
export function setSearch(
  changes: Readonly<Record<string, string | readonly string[] | null>>,
  options: { replace?: boolean } = {},
): void {
  const url = new URL(window.location.href)
  for (const [name, value] of Object.entries(changes)) {
    const values = [value ?? []].flat().filter((one) => one !== '')
    url.searchParams.delete(name)
    for (const one of values) url.searchParams.append(name, one)
  }
  navigate(url.pathname + url.search + url.hash, options)
}

function linkOf(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!link?.href || (link.target && link.target !== '_self') || link.hasAttribute('download')) {
    return null
  }
  const url = new URL(link.href)
  const elsewhere = url.origin !== window.location.origin
  return elsewhere || /^\/(api|auth)\//.test(url.pathname) ? null : link
}

export function startRouter(): () => void {
  const onClick = (event: MouseEvent) => {
    const link = linkOf(event)
    if (!link) return
    event.preventDefault()
    const url = new URL(link.href)
    navigate(url.pathname + url.search + url.hash)
  }
  window.addEventListener('popstate', changed)
  document.addEventListener('click', onClick)
  return () => {
    window.removeEventListener('popstate', changed)
    document.removeEventListener('click', onClick)
  }
}
