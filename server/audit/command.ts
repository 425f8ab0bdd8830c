/** The work of `team audit verify FILE`. */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, Misuse, type Shell } from '#server/command-line/shell.ts'
import { readAnchors, UnreadableAnchor } from './anchor-lines.ts'
import type { Verdict } from './verify.ts'
import { verifyExport } from './verify-export.ts'
import type { Anchor } from './walk.ts'

export interface VerifyOptions {
  readonly anchors?: readonly string[]
  readonly exportedAt?: string
  readonly part?: boolean
}

interface Wanted {
  readonly shell: Shell
  readonly file: string
  readonly anchors: readonly string[]
  readonly exportedAt: Date | null
  readonly isPart: boolean
}

export async function verifyFile(asked: Asked<VerifyOptions>): Promise<Answer> {
  const wanted = wantedIn(asked)
  try {
    const verdict = await verify(wanted)
    return { code: verdict.ok ? 0 : 1, json: verdict, text: inWords(verdict, wanted) }
  } catch (error) {
    if (!(error instanceof Error) || !isMisuse(error)) throw error
    throw new Misuse(error.message)
  }
}

async function verify(wanted: Wanted): Promise<Verdict> {
  const anchors = await anchorsIn(wanted)
  const { isPart } = wanted
  return verifyExport(openFile(wanted, wanted.file), { anchors, isPart })
}

async function anchorsIn(wanted: Wanted): Promise<Anchor[]> {
  const { exportedAt } = wanted
  const found: Anchor[] = []
  for (const file of wanted.anchors) {
    const input = openFile(wanted, file)
    const read = await readAnchors(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (read.length === 0) throw new Misuse(`${file} holds no anchor (a line with "auditHead")`)
    found.push(...read)
  }
  return found.filter(({ at }) => exportedAt === null || at === undefined || at <= exportedAt)
}

function openFile({ shell }: Wanted, file: string) {
  if (file === '-') return shell.stdin()
  return createReadStream(resolve(shell.folder, file), { highWaterMark: 1024 * 1024 })
}

const counted = new Intl.NumberFormat('en')

function inWords({ ok, events, head, firstBroken, firstKept }: Verdict, wanted: Wanted): string {
  const before = firstKept === undefined ? '' : `; retention has removed those before ${firstKept}`
  if (ok && wanted.isPart) return `In order: ${counted.format(events)} events of a filtered export`
  if (ok) return `Intact: ${counted.format(events)} events, head ${head}${before}`
  const reach =
    wanted.anchors.length > 0
      ? ' If events are missing at the end only: was the log written after the export? Then say --exported-at.'
      : ''
  return `Broken: event ${firstBroken} is missing or not as it was written.${reach}`
}

function wantedIn({ shell, args, options }: Asked<VerifyOptions>): Wanted {
  const at = options.exportedAt
  const exportedAt = at === undefined ? null : new Date(at)
  if (exportedAt !== null && Number.isNaN(exportedAt.getTime())) {
    throw new Misuse(`--exported-at is no time: ${at}. Write it as 2026-11-24T00:00:00Z`)
  }
  return {
    shell,
    file: args[0] ?? '-',
    anchors: options.anchors ?? [],
    exportedAt,
    isPart: options.part === true,
  }
}

/** What whoever calls it can mend; everything else is shown whole. */
function isMisuse(error: Error & { code?: unknown }): boolean {
  if (error instanceof Misuse || error instanceof UnreadableAnchor) return true
  return typeof error.code === 'string' && /^(ENOENT|EACCES|EISDIR)/.test(error.code)
}
