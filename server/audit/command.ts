/** `npm run team -- audit verify FILE`: needs no server, no database and no environment. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readAnchors, UnreadableAnchor } from './anchor-lines.ts'
import type { Verdict } from './verify.ts'
import { verifyExport } from './verify-export.ts'
import type { Anchor } from './walk.ts'

const usage = `team audit verify FILE [--anchors FILE …] [--exported-at TIME] [--part] [--json]

Computes every hash of an export in JSON lines again; "-" reads it from standard input. Answers 0 if
the trail is in order, 1 and the first broken event if it is not.

  --anchors FILE      the server's log, or a part of it: each head that was logged must be the
                      export's, and the export must reach as far
  --exported-at TIME  anchors that were logged later are left out
  --part              the export was filtered: each event is checked, and links where neighbours are

  npm run team -- audit verify team-events.jsonl --anchors server.log
`
const misuse = 2

class Misuse extends Error {}

interface Asked {
  readonly file: string
  readonly anchors: readonly string[]
  readonly exportedAt: Date | null
  readonly isPart: boolean
}

async function verify(asked: Asked): Promise<Verdict> {
  const anchors = await anchorsIn(asked)
  const { isPart } = asked
  return verifyExport(openFile(asked.file), { anchors, isPart })
}

async function anchorsIn({ anchors, exportedAt }: Asked): Promise<Anchor[]> {
  const found: Anchor[] = []
  for (const file of anchors) {
    const input = openFile(file)
    const read = await readAnchors(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (read.length === 0) throw new Misuse(`${file} holds no anchor (a line with "auditHead")`)
    found.push(...read)
  }
  return found.filter(({ at }) => exportedAt === null || at === undefined || at <= exportedAt)
}

function openFile(file: string) {
  return file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1024 * 1024 })
}

const counted = new Intl.NumberFormat('en')

function inWords({ ok, events, head, firstBroken, firstKept }: Verdict, asked: Asked): string {
  const before = firstKept === undefined ? '' : `; retention has removed those before ${firstKept}`
  if (ok && asked.isPart) return `In order: ${counted.format(events)} events of a filtered export`
  if (ok) return `Intact: ${counted.format(events)} events, head ${head}${before}`
  const reach =
    asked.anchors.length > 0
      ? ' If events are missing at the end only: was the log written after the export? Then say --exported-at.'
      : ''
  return `Broken: event ${firstBroken} is missing or not as it was written.${reach}`
}

function askedIn(args: string[]): { asked: Asked; json: boolean } | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      anchors: { type: 'string', multiple: true, default: [] },
      'exported-at': { type: 'string' },
      part: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const [audit, verb, file, ...rest] = positionals
  if (audit !== 'audit' || verb !== 'verify' || file === undefined || rest.length > 0) {
    throw new Misuse('Say which file to verify')
  }
  const at = values['exported-at']
  const exportedAt = at === undefined ? null : new Date(at)
  if (exportedAt !== null && Number.isNaN(exportedAt.getTime())) {
    throw new Misuse(`--exported-at is no time: ${at}. Write it as 2026-11-24T00:00:00Z`)
  }
  return {
    asked: { file, anchors: values.anchors, exportedAt, isPart: values.part },
    json: values.json,
  }
}

/** What whoever calls it can mend; everything else is shown whole. */
function isMisuse(error: Error & { code?: unknown }): boolean {
  if (error instanceof Misuse || error instanceof UnreadableAnchor) return true
  return typeof error.code === 'string' && /^(ERR_PARSE_ARGS|ENOENT|EACCES|EISDIR)/.test(error.code)
}

export interface Answer {
  readonly code: 0 | 1 | 2
  readonly text: string
}

export async function runAudit(args: string[]): Promise<Answer> {
  try {
    const given = askedIn(args)
    if (given === null) return { code: 0, text: usage }
    const verdict = await verify(given.asked)
    const text = given.json ? JSON.stringify(verdict) : inWords(verdict, given.asked)
    return { code: verdict.ok ? 0 : 1, text }
  } catch (error) {
    if (!(error instanceof Error) || !isMisuse(error)) throw error
    return { code: misuse, text: `${error.message}\n\n${usage}` }
  }
}
