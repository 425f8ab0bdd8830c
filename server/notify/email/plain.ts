/** Making text fit for a mail: nothing that somebody typed or named can leave its place. */

const lineBreaksAndControls = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
const directionOverrides = /[\u202A-\u202E\u2066-\u2069]/g
const directionMarks = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g
const subjectCharactersMax = 180

/** One line, whatever it was: a name with a line break in it can open neither a header nor a row. */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(directionMarks, '').replace(lineBreaksAndControls, ' ').trim()
}

export function subjectLine(text: string): string {
  const characters = [...oneLine(text)]
  if (characters.length <= subjectCharactersMax) return characters.join('')
  return `${characters.slice(0, subjectCharactersMax - 1).join('')}…`
}

/** The lines of a longer text as they were typed; only what could move other text is taken out. */
export function linesOf(text: string): string[] {
  return text
    .toWellFormed()
    .split(/\r\n|[\n\r\p{Zl}\p{Zp}]/u)
    .map((line) => line.replace(directionOverrides, '').replace(lineBreaksAndControls, ' '))
}

/**
 * A plain address, or null. Quoted local parts, lists and display names are refused: whatever
 * Identity Store holds there, one mail goes to one mailbox. SES takes local parts in ASCII only.
 */
export function mailAddress(text: string | null): string | null {
  if (text === null || text.length > 320) return null
  const address = text.trim()
  return /^[\w.!#$%&'*+/=?^`{|}~-]+@[^\s@<>()[\],;:"\\\p{Cc}]+$/u.test(address) ? address : null
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
