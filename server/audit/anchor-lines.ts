/** Anchors out of a log: the lines that anchor.ts wrote, whatever the log's keeper put around them. */
import { z } from 'zod'
import type { Anchor } from './walk.ts'

const Head = z.object({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
})

export class UnreadableAnchor extends Error {}

/** A line that names an anchor and cannot be read is an error: it may be the one that matters. */
export async function readAnchors(lines: AsyncIterable<string>): Promise<Anchor[]> {
  const anchors: Anchor[] = []
  let number = 0
  for await (const line of lines) {
    number += 1
    if (!line.includes('auditHead')) continue
    const head = Head.safeParse(headIn(line))
    if (!head.success) throw new UnreadableAnchor(`Line ${number} names an anchor and is damaged`)
    const { seq, hash, at } = head.data
    // The head of an empty trail is no event.
    if (seq > 0) anchors.push({ seq, hash, at: new Date(at) })
  }
  return anchors
}

/** Collectors put a time in front, or the whole line as a text into a member of their own. */
function headIn(line: string): unknown {
  const logged = parsed(line.slice(line.indexOf('{')))
  if (typeof logged !== 'object' || logged === null) return null
  if ('auditHead' in logged) return logged.auditHead
  const wrapped = Object.values(logged).find(
    (value): value is string => typeof value === 'string' && value.includes('auditHead'),
  )
  return wrapped === undefined ? null : headIn(wrapped)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
