/** PostgreSQL takes neither a NUL nor half a surrogate pair; one such name must not end a reading. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
