import { applyDensity, applyMode, Density, Mode } from '@cloudscape-design/global-styles'
import type { Preferences } from '#contract/me.ts'

const key = 'team.theme'

/** Follows the system while the choice is `system`; returns how to stop following. */
export function applyTheme(theme: Preferences['theme']): () => void {
  // `theme.js` reads this before the first paint of the next page.
  remember(key, theme)
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const dark = theme === 'dark' || (theme === 'system' && system.matches)
    applyMode(dark ? Mode.Dark : Mode.Light)
  }
  apply()
  system.addEventListener('change', apply)
  return () => system.removeEventListener('change', apply)
}

export function applyChosenDensity(density: Preferences['density']): void {
  applyDensity(density === 'compact' ? Density.Compact : Density.Comfortable)
}

/** Storage may be forbidden; everything that is kept there is a convenience. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // Nothing is lost but the convenience.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}
