/**
 * What TEAM asks of a machine: the server's memory at rest and while two hundred people have it open,
 * the size of what is installed, and the seconds of each command.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { root } from '../run.ts'
import { secondsOfCommands } from './command-seconds.ts'
import { underLoad } from './company/load.ts'
import { loadNow, type Print, pause, round } from './figures.ts'
import { createInstallation, makePolicies } from './installation.ts'
import { addPeople } from './organisation.ts'
import { residentMegabytes, watchMemory } from './resident.ts'

const peopleCount = 200
const loadSeconds = 60
/** Each looks at something every few seconds, as people do who wait for a colleague. */
const everyMs = 5_000

export async function footprint(cluster: TestClusterAddress, print: Print): Promise<void> {
  const memory = await memoryUnderPeople(cluster)
  print({ ...memory, load: loadNow() })
  const installed = await installedSizes()
  print({ ...installed, load: loadNow() })
  const commands = await secondsOfCommands(cluster)
  print({ bench: 'footprint', ...memory, ...installed, ...commands, load: loadNow() })
}

async function memoryUnderPeople(cluster: TestClusterAddress) {
  const installation = await createInstallation({
    cluster,
    shape: (sandbox) => addPeople(sandbox, peopleCount, 'TEAM users'),
  })
  const leave = new AbortController()
  try {
    const { server, shape } = installation
    await makePolicies(installation, await installation.person('test-admin'))
    await pause(10_000)
    const megabytesAtRest = await residentMegabytes(server)
    const people: Person[] = []
    for (const [place, { userName }] of shape.entries()) {
      const person = await installation.person(userName, `10.1.1.${place}`)
      void readOn(await person.open('/stream', leave.signal))
      people.push(person)
    }
    const peak = watchMemory(server)
    server.resetProbe()
    const look = (name: string, path: string) => ({
      name,
      who: people,
      ask: (person: Person) => person.get(path),
    })
    const { perSecond, figures } = await underLoad(
      [
        look('me', '/me'),
        look('accounts', '/eligible-accounts'),
        look('mine', '/requests?view=mine'),
        look('counts', '/me/counts'),
      ],
      { peopleAtOnce: peopleCount, seconds: loadSeconds, everyMs },
    )
    const { cpuMs } = await server.report()
    return {
      people: peopleCount,
      megabytesAtRest,
      megabytesPeak: await peak(),
      perSecond,
      p95Ms: Math.max(...figures.map(({ p95 }) => p95)),
      processorShare: round(cpuMs / (loadSeconds * 1_000)),
    }
  } finally {
    leave.abort()
    await installation.close()
  }
}

async function readOn({ body }: Response): Promise<void> {
  await body?.pipeTo(new WritableStream()).catch(() => undefined)
}

/** As the container has it: without what only tests and builds need. */
async function installedSizes() {
  const megabytes = async (...paths: string[]) => {
    const { stdout } = await run('du', ['-sck', ...paths])
    return round(Number(/(\d+)\s+total/.exec(stdout)?.[1]) / 1_024, 1)
  }
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'])
  const packages = stdout.split('\n').filter((line) => line.includes('/node_modules/'))
  const outermost = packages.filter(
    (path) => !packages.some((other) => path.startsWith(`${other}/`)),
  )
  return {
    productionPackages: packages.length,
    megabytesOfPackages: await megabytes(...outermost),
    megabytesOfServer: await megabytes('server', 'core', 'contract'),
    megabytesOfPages: await megabytes('dist/web'),
  }
}

const run = (command: string, args: readonly string[]) =>
  promisify(execFile)(command, [...args], { cwd: root, maxBuffer: 100 * 1024 ** 2 })
