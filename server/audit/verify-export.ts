/** Verifies an export by itself: no server, no database (`team audit verify`). */
import { parseEventLine } from './lines.ts'
import { type Verdict, verdictOf } from './verify.ts'
import { startWalk, type WalkOptions } from './walk.ts'

/** A line of an export is far shorter; more is no export, and must not fill the memory. */
export const lineBytesMax = 64 * 1024 * 1024

/** Bytes of a file in JSON lines, in whatever pieces they come. */
export async function verifyExport(
  bytes: AsyncIterable<Uint8Array>,
  options: WalkOptions = {},
): Promise<Verdict> {
  const walk = startWalk(options)
  for await (const line of linesOf(bytes)) {
    if (!walk.take([line === null ? null : parseEventLine(line)])) break
  }
  return verdictOf(walk, null, walk.last().hash)
}

const lineBreak = 0x0a

/** Null: a line without end. Only a line feed ends a line, and the last one has one too. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | null> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of bytes) {
    let from = 0
    for (let to = piece.indexOf(lineBreak); to !== -1; to = piece.indexOf(lineBreak, from)) {
      yield Buffer.concat([...waiting, piece.subarray(from, to)])
      waiting = []
      length = 0
      from = to + 1
    }
    waiting.push(piece.subarray(from))
    length += piece.length - from
    if (length > lineBytesMax) return yield null
  }
  if (length > 0) yield null
}
