/**
 * A million requests, with what became of them, taken as files by an auditor over HTTP: each kind in
 * each format, and lists as everybody may take them, read to their last byte. The server's memory is looked at from outside, by the kernel.
 */
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { fullSize, plantPast } from './company/past.ts'
import { loadNow, type Print, round } from './figures.ts'
import { createInstallation, type ServerProcess } from './installation.ts'
import { residentMegabytes, watchMemory } from './resident.ts'

const lineEnd = 0x0a
const files = [
  '/audit/export?kind=requests&format=csv',
  '/audit/export?kind=requests&format=jsonl',
  '/audit/export?kind=grants&format=csv',
  '/requests/export?view=all&format=csv',
  '/requests/export?view=ended&scope=all&format=csv',
]

export async function exportBenchmark(
  cluster: TestClusterAddress,
  print: Print,
  [wanted = String(fullSize.requests)]: readonly string[],
): Promise<void> {
  const requests = Number(wanted)
  const installation = await createInstallation({ cluster, shape: () => null })
  try {
    const { owner } = installation.database
    const size = { policies: 0, events: 0, pending: 0, requests }
    await plantPast(owner, size, (planted) => print({ planted }))
    const auditor = await installation.person('test-auditor')
    const atRest = await residentMegabytes(installation.server)
    const taken: object[] = []
    for (const file of files) {
      const figures = { file, ...(await take(auditor, file, installation.server)) }
      print(figures)
      taken.push(figures)
    }
    const { queries } = await installation.server.report()
    print({ bench: 'export', requests, megabytesAtRest: atRest, taken, queries, load: loadNow() })
  } finally {
    await installation.close()
  }
}

async function take(auditor: Person, file: string, server: ServerProcess) {
  const peak = watchMemory(server)
  const startedMs = performance.now()
  const answer = await auditor.open(file, AbortSignal.timeout(3_600_000))
  if (answer.status !== 200 || answer.body === null) {
    throw new Error(`${file} answered ${answer.status} ${await answer.text()}`)
  }
  let [bytes, lines] = [0, 0]
  for await (const chunk of answer.body) {
    bytes += chunk.length
    for (const byte of chunk) if (byte === lineEnd) lines += 1
  }
  const seconds = (performance.now() - startedMs) / 1_000
  return {
    seconds: round(seconds, 1),
    lines,
    linesPerSecond: round(lines / seconds, 0),
    megabytes: round(bytes / 1e6, 0),
    serverPeakMegabytes: await peak(),
  }
}
