/** What one look of `team doctor` came to. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly text: string
  /** A command, or what to do where there is none. */
  readonly mend?: string
}

export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
export const skipped = (check: string, text: string): Finding => ({ check, state: 'skipped', text })
export const warning = (check: string, text: string, mend: string): Finding => ({
  check,
  state: 'warning',
  text,
  mend,
})
export const failed = (check: string, text: string, mend: string): Finding => ({
  check,
  state: 'failed',
  text,
  mend,
})

const words: Record<Finding['state'], string> = {
  ok: 'ok  ',
  warning: 'warn',
  failed: 'FAIL',
  skipped: 'skip',
}

export function lineOf({ check, state, text, mend }: Finding): string {
  const said = text.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '')
  return `${words[state]}  ${check}: ${said}${mend === undefined ? '' : `. Mend: ${mend}`}`
}
