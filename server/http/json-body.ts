/**
 * Bodies are JSON in which no field is named twice. RFC 8259 leaves open which of two counts, so a
 * proxy that checks a body and TEAM that reads it could each believe another one.
 */

import { Refused } from '#server/operations/refused.ts'
import type { App } from './app.ts'

export function readJsonStrictly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, text, done) => {
      parse(request, text, (error, value?: unknown) => {
        if (error) return done(error)
        if (!namesAFieldTwice(text, value)) return done(null, value)
        return done(new Refused('malformed', { detail: 'A field is named twice in the body.' }))
      })
    },
  )
}

const strings = /"(?:[^"\\]|\\.)*"/g

/** Outside of texts, JSON has one colon for each name; of two alike one is left after reading. */
export function namesAFieldTwice(text: string, value: unknown): boolean {
  let colons = 0
  for (const character of text.replace(strings, '')) if (character === ':') colons += 1
  return colons !== fieldsIn(value)
}

/** Without recursion: a body may be nested deeper than the stack. */
function fieldsIn(value: unknown): number {
  let fields = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one !== 'object' || one === null) continue
    const inner: unknown[] = Object.values(one)
    if (!Array.isArray(one)) fields += inner.length
    for (const each of inner) left.push(each)
  }
  return fields
}
