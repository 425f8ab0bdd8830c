/**
 * The server was away for an hour, and a thousand grants ended meanwhile: how long after its start
 * the first of them is gone, and the last, against the bound of AWS's limits; and what memory that
 * took. The directory is an hour old too, so its refresh wants AWS's quota at the same time.
 */
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { grantsOf, type Shape, type Storm, shapeOf } from './ending-storm.ts'
import { loadNow, type Print, pause, round, until } from './figures.ts'
import { createInstallation, type Installation, makePolicies } from './installation.ts'
import { grantsLeft, plantGrants } from './live-grants.ts'
import { boundSeconds, costOfEach, removalsSeen } from './removals.ts'

const storm: Storm = { grants: 1_000, accounts: 100, delaySeconds: 3, sets: 5 }
const delayJitter = 0.3
const awayMs = 3_600_000
const memoryEveryMs = 500

export async function recover(cluster: TestClusterAddress, print: Print): Promise<void> {
  const installation = await createInstallation({
    cluster,
    shape: (sandbox) => shapeOf(sandbox, storm),
    settings: { deleteDelayMs: storm.delaySeconds * 1_000, delayJitter },
  })
  try {
    await makePolicies(installation, await installation.person('test-admin'))
    await installation.stopServer()
    await liveWithoutTeam(installation)
    installation.clearCalls()
    await installation.startServer()
    print(await watch(installation))
  } finally {
    await installation.close()
  }
}

/** The hour in which the grants ended, one after another. */
async function liveWithoutTeam(installation: Installation<Shape>): Promise<void> {
  const stoppedAtMs = Date.now() - awayMs
  const grants = grantsOf(installation.shape, storm, new Date(stoppedAtMs)).map((grant, at) => ({
    ...grant,
    endsAt: new Date(stoppedAtMs + ((at + 1) * awayMs) / (storm.grants + 1)),
  }))
  await plantGrants(installation, grants, {
    grantedAt: new Date(stoppedAtMs - awayMs),
    durationMinutes: 120,
  })
  const { owner } = installation.database
  await owner.query(`update directory_refresh
    set started_at = started_at - interval '1 hour', finished_at = finished_at - interval '1 hour'`)
  await owner.query(`update directory_version set applied_at = applied_at - interval '1 hour'`)
  await owner.query(`update directory_user set read_at = read_at - interval '1 hour'`)
}

async function watch(installation: Installation<Shape>): Promise<object> {
  const { startedAtMs } = installation.server
  const readyAtMs = Date.now()
  const bound = boundSeconds({ ...storm, mostOnOneAccount: storm.grants / storm.accounts })
  const memory = watchMemory(installation)
  const shownAtMs = await until(
    'every grant is over',
    async () => ((await grantsLeft(installation.database)) === 0 ? Date.now() : null),
    { everyMs: 100, withinMs: (bound * 6 + 120) * 1_000 },
  )
  const rssMbMax = await memory.stop()
  const report = await installation.server.report()
  const seen = await removalsSeen(installation)
  const since = (ms: number) => round((ms - startedAtMs) / 1_000)
  return {
    summary: 'recover',
    ...storm,
    boundSeconds: bound,
    readySeconds: since(readyAtMs),
    firstGoneSeconds: since(seen.firstInAwsAtMs),
    lastGoneSeconds: since(seen.lastInAwsAtMs),
    lastShownSeconds: since(shownAtMs),
    ratioAws: round(since(seen.lastInAwsAtMs) / bound, 3),
    ratioShown: round(since(shownAtMs) / bound, 3),
    rssMbMax,
    left: await grantsLeft(installation.database),
    ...seen.figures,
    ...costOfEach(report, storm.grants),
    load: loadNow(),
  }
}

function watchMemory({ server }: Installation<Shape>) {
  let rssMbMax = 0
  let stopped = false
  const watching = look()
  async function look() {
    while (!stopped) {
      rssMbMax = Math.max(rssMbMax, (await server.report()).rssMb)
      await pause(memoryEveryMs)
    }
  }
  return {
    async stop() {
      stopped = true
      await watching
      return rssMbMax
    },
  }
}
