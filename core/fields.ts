/** What a person wrote into a field of a form, as kept or as refused. */
import { type Params, type Refusal, refusal } from './refusals.ts'
import type { TicketResult } from './text.ts'

export type FieldText =
  | { readonly text: string; readonly refusal: null }
  | { readonly text: null; readonly refusal: Refusal }

/** `more` is told beside what is wrong with the text, such as who demands it. */
export function fieldText(field: string, checked: TicketResult, more: Params = {}): FieldText {
  if (checked.ok) return { text: checked.text, refusal: null }
  if (checked.code === 'ticket_malformed') {
    const params = { pattern: checked.pattern, ...more }
    return { text: null, refusal: refusal(checked.code, params, field) }
  }
  const { code, reason, character, charactersMax } = checked
  return {
    text: null,
    refusal: refusal(code, { reason, character, charactersMax, ...more }, field),
  }
}

export function isBlank(input: string | null | undefined): boolean {
  return input === null || input === undefined || input.trim() === ''
}
