/** A million events, verified by the server's way and as an export, and exported. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { eventLines, exportedEvents } from '#server/audit/export.ts'
import { verifyChain } from '#server/audit/verify.ts'
import { createTestDatabase } from '#test/database.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { fillTrail } from '#test/trail-events.ts'
import { loadNow, type Print, round } from './figures.ts'

const eventsWanted = 1_000_000

export async function trail(
  cluster: TestClusterAddress,
  print: Print,
  [wanted = String(eventsWanted)]: string[],
): Promise<void> {
  const events = Number(wanted)
  const database = await createTestDatabase({ cluster })
  const folder = mkdtempSync(join(tmpdir(), 'team-trail-'))
  const file = join(folder, 'events.jsonl')
  const figures: Record<string, number> = {}
  const timed = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    const peak = watchMemory()
    const startedMs = performance.now()
    const result = await work()
    figures[`${name}Seconds`] = round((performance.now() - startedMs) / 1000, 1)
    figures[`${name}PeakMegabytes`] = peak()
    print({
      step: name,
      seconds: figures[`${name}Seconds`],
      peakMegabytes: figures[`${name}PeakMegabytes`],
    })
    return result
  }
  try {
    const { owner } = database
    await timed('fill', () => fillTrail(owner, { events, from: new Date('2024-01-01') }))
    const { long } = database.database
    const verdict = await timed('verify', () => verifyChain(long))
    if (!verdict.ok || verdict.events !== events) throw new Error(JSON.stringify(verdict))
    await timed('export', () =>
      pipeline(Readable.from(eventLines(exportedEvents(long))), createWriteStream(file)),
    )
    figures.exportMegabytes = round(statSync(file).size / 1e6, 0)
    await timed('offline', async () => {
      const args = ['server/team.ts', 'audit', 'verify', file]
      const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
      if (!said.startsWith('Intact')) throw new Error(said)
    })
    await timed('python', async () => {
      const { stdout } = spawnSync('python3', ['docs/reference/verify_trail.py', file])
      if (!String(stdout).startsWith('Intact')) throw new Error(String(stdout))
    })
    for (const part of [0, 0.5, Math.random(), 1]) print(await changeOneByte(file, part))
    print({ bench: 'trail', events, ...figures, load: loadNow() })
  } finally {
    rmSync(folder, { recursive: true })
    await database.drop()
  }
}

/**
 * One byte, at that part of the file, and both verifiers must name the event on whose line it is. The
 * file is as before afterwards.
 */
async function changeOneByte(file: string, part: number): Promise<object> {
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    // Not the line's end: it is nobody's byte, and a line more or less is another alteration.
    let at = Math.min(Math.floor(size * part), size - 2)
    const byte = Buffer.alloc(1)
    const readAt = () => handle.read(byte, 0, 1, at)
    await readAt()
    if (byte[0] === lineEnd) at += 1
    await readAt()
    const before = byte.readUInt8()
    await handle.write(Buffer.from([before ^ 1]), 0, 1, at)
    const wanted = (await linesBefore(file, at)) + 1
    const said = {
      team: spawnSync(process.execPath, ['server/team.ts', 'audit', 'verify', file]),
      python: spawnSync('python3', ['docs/reference/verify_trail.py', file]),
    }
    await handle.write(Buffer.from([before]), 0, 1, at)
    for (const [who, { stdout, status }] of Object.entries(said)) {
      const found = /^Broken: event (\d+)/.exec(String(stdout))?.[1]
      if (status !== 1 || Number(found) !== wanted) {
        throw new Error(`${who} found ${found} (${status}) where byte ${at} is of event ${wanted}`)
      }
    }
    return { step: 'one byte changed', at, event: wanted, foundBy: Object.keys(said) }
  } finally {
    await handle.close()
  }
}

const lineEnd = 0x0a

async function linesBefore(file: string, at: number): Promise<number> {
  let lines = 0
  if (at === 0) return lines
  for await (const chunk of createReadStream(file, { end: at - 1 })) {
    for (const byte of chunk as Buffer) if (byte === lineEnd) lines += 1
  }
  return lines
}

/** Of this process, looked at ten times a second. */
function watchMemory(): () => number {
  let peak = 0
  const look = () => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  look()
  const timer = setInterval(look, 100)
  return () => {
    look()
    clearInterval(timer)
    return round(peak / 1e6, 0)
  }
}
