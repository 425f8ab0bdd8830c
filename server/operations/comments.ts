import { refusal } from '#core/refusals.ts'
import { checkText } from '#core/text.ts'
import { refusedWith } from './words.ts'

/** What somebody said to what they do; null if nothing. */
export function parseComment(
  comment: string | null | undefined,
  options: { required: boolean },
): string | null {
  if (comment === null || comment === undefined || comment.trim() === '') {
    if (options.required) throw refusedWith(refusal('comment_required', {}, 'comment'))
    return null
  }
  const checked = checkText(comment)
  if (checked.ok) return checked.text
  const { code, reason, character, charactersMax } = checked
  throw refusedWith(refusal(code, { reason, character, charactersMax }, 'comment'))
}

/** Where the word itself is what is asked for. */
export function requireComment(comment: string | null | undefined): string {
  return parseComment(comment, { required: true }) ?? ''
}
