/**
 * TEAM at the size it is built for: 1,000 accounts in seven levels of units, 750 permission sets,
 * 20,000 people in 2,000 groups, 5,000 policies, a million requests and as many events. The first
 * reading of the directory costs minutes of AWS's quota, so all four benchmarks share one company.
 */
import type { Call } from '#sandbox/model/types.ts'
import type { Sandbox } from '#sandbox/start.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { loadNow, type Print, round } from '../figures.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { decisions } from './decisions.ts'
import { directory } from './directory.ts'
import { forms, lists } from './endpoints.ts'
import { type Endpoint, type Figures, underLoad } from './load.ts'
import { fullSize, type PastSize, plantPast } from './past.ts'
import { explain } from './plans.ts'
import { perRequest, processorMs } from './processor.ts'

export interface Company {
  readonly installation: Installation<Sandbox>
  readonly people: CompanyPeople
  /** Seconds from the server's start until it could be used: the first reading of the directory. */
  readonly readySeconds: number
  /** What AWS was asked until then. */
  readonly firstCalls: readonly Call[]
}

export interface CompanyPeople {
  readonly admin: Person
  /** Several, because each person is allowed only so many questions a minute. */
  readonly auditors: readonly Person[]
  /** Of TEAM approvers, who decide for everything. */
  readonly approvers: readonly Person[]
  /** Each in a few groups that policies name. */
  readonly requesters: readonly Person[]
}

const peopleAtOnce = 50
const targetMs = 50
const firstScreenKilobytes = 100

/** Any of `directory`, `forms`, `lists` and `decisions`; each also takes a size: `requests=20000`. */
export function companyBenchmark(...parts: readonly Part[]) {
  return (cluster: TestClusterAddress, print: Print, cases: readonly string[]) =>
    run(cluster, print, { parts, size: sizeOf(cases) })
}

export type Part = 'directory' | 'forms' | 'lists' | 'decisions'

export function sizeOf(cases: readonly string[]): PastSize {
  const given = Object.fromEntries(
    cases.map((one) => {
      const [name = '', count = ''] = one.split('=')
      if (!Object.hasOwn(fullSize, name) || !/^\d+$/.test(count)) {
        throw new Error(`Cases: ${Object.keys(fullSize).join('=N, ')}=N`)
      }
      return [name, Number(count)]
    }),
  )
  return { ...fullSize, ...given }
}

async function run(
  cluster: TestClusterAddress,
  print: Print,
  { parts, size }: { parts: readonly Part[]; size: PastSize },
): Promise<void> {
  const company = await openCompany(cluster)
  const summary: Record<string, object> = {}
  try {
    if (parts.includes('directory')) {
      summary.directory = await directory(company, print)
    }
    if (parts.some((part) => part !== 'directory')) await fill(company, size, print)
    if (parts.includes('forms'))
      summary.forms = await load(company, 'forms', await forms(company), print)
    if (parts.includes('lists'))
      summary.lists = await load(company, 'lists', await lists(company), print)
    if (parts.includes('decisions')) summary.decisions = await decisions(company, print)
  } finally {
    await company.installation.close()
  }
  print({ summary: parts.join(' '), ...size, ...summary, load: loadNow() })
}

async function openCompany(cluster: TestClusterAddress): Promise<Company> {
  const startedMs = performance.now()
  const installation = await createInstallation({
    cluster,
    size: 'large',
    shape: (sandbox) => {
      letIn(sandbox)
      return sandbox
    },
  })
  const readySeconds = round((performance.now() - startedMs) / 1_000)
  const firstCalls = [...installation.calls()]
  const people = {
    admin: await installation.person('test-admin'),
    auditors: await inTurn(auditorNames, (userName) => installation.person(userName)),
    approvers: [await installation.person('sam.carter')],
    requesters: await inTurn(requesterNames, (userName) => installation.person(userName)),
  }
  return { installation, people, readySeconds, firstCalls }
}

const named = (count: number, from: number) =>
  Array.from({ length: count }, (_, at) => `person-${String(from + at * 97).padStart(5, '0')}`)
export const requesterNames = named(40, 0)
const auditorNames = named(12, 50)

/** TEAM's tile is shown to members of its own groups. */
export function letIn(sandbox: Sandbox): void {
  join(sandbox, 'TEAM users', requesterNames)
  join(sandbox, 'TEAM auditors', auditorNames)
}

function join({ world }: Sandbox, group: string, userNames: readonly string[]): void {
  const groupId = world.state.groupByName(group)?.groupId
  const chosen = [...world.state.users.values()].filter(({ userName }) =>
    userNames.includes(userName),
  )
  if (groupId === undefined || chosen.length < userNames.length) throw new Error('Who is it?')
  world.commit(
    ...chosen.map(({ userId }) => ({
      type: 'membership' as const,
      value: { membershipId: world.ids.uuid(), userId, groupId },
    })),
  )
}

async function inTurn<Item, Made>(items: readonly Item[], make: (item: Item) => Promise<Made>) {
  const made: Made[] = []
  for (const item of items) made.push(await make(item))
  return made
}

/** What of a company is needed to give it policies and a past. */
export interface Fillable {
  readonly installation: Pick<Installation<Sandbox>, 'sandbox' | 'database'>
  readonly people: Pick<CompanyPeople, 'admin'>
}

export async function fill({ installation, people }: Fillable, size: PastSize, print: Print) {
  const startedMs = performance.now()
  await makePolicies(installation, people.admin)
  await plantPast(installation.database.owner, size, (planted) =>
    print({ planted, seconds: round((performance.now() - startedMs) / 1_000) }),
  )
  await installation.database.owner.query('update rules_version set version = version + 1')
}

/** Everybody may read everywhere, administrators may ask for anything: nobody's list is longer. */
async function makePolicies({ sandbox }: Fillable['installation'], admin: Person): Promise<void> {
  const group = (name: string) => sandbox.world.state.groupByName(name)?.groupId ?? ''
  const targets = { accounts: [], organizationalUnits: [], root: true }
  const ask = (name: string, permissionSets: readonly string[]) =>
    admin.post('/eligibility-policies', {
      subject: { type: 'group', id: group(name) },
      targets,
      permissionSets,
      maxDurationMinutes: 480,
    })
  const answers = [
    await ask('TEAM users', ['ReadOnlyAccess']),
    await ask('TEAM admins', ['*']),
    await admin.post('/approver-policies', { targets, approverGroups: [group('TEAM approvers')] }),
  ]
  for (const { status, body } of answers) {
    if (status !== 201) throw new Error(`A policy was refused: ${JSON.stringify(body)}`)
  }
}

/** At a hurried person's pace, which is what is promised; then without a pause, which is said. */
async function load(
  { installation }: Company,
  name: string,
  endpoints: readonly Endpoint[],
  print: Print,
): Promise<object> {
  await underLoad(endpoints, { peopleAtOnce, seconds: 5, everyMs: 1_000 })
  installation.server.resetProbe()
  const seconds = Math.max(30, endpoints.length * 2)
  const before = await processorMs(installation.database.owner)
  const paced = await underLoad(endpoints, { peopleAtOnce, seconds, everyMs: 1_000 })
  const report = await installation.server.report()
  const after = await processorMs(installation.database.owner)
  for (const figures of paced.figures) print({ load: name, ...figures })
  for (const plan of await explain(installation.database.owner, report.slowest)) {
    print({ plan: name, ...plan })
  }
  const hurried = await underLoad(endpoints, { peopleAtOnce, seconds: 10, everyMs: 0 })
  const p95 = (one: Figures) => one.p95
  return {
    peopleAtOnce,
    perSecond: paced.perSecond,
    p95MsMax: Math.max(...paced.figures.map(p95)),
    over: paced.figures.filter((one) => one.p95 > targetMs).map(({ endpoint }) => endpoint),
    heavy: paced.figures
      .filter((one) => one.kilobytesMax > firstScreenKilobytes)
      .map(({ endpoint }) => endpoint),
    queries: report.queries,
    queriesPerRequest: round((report.queries['team app'] ?? 0) / paced.count, 1),
    cpuMs: report.cpuMs,
    cpuMsPerRequest: perRequest(paced.count, { before, after, serverMs: report.cpuMs }),
    rssMb: report.rssMb,
    loopDelayMs: report.loopDelayMs,
    slowSeconds: paced.slowSeconds,
    withoutPause: {
      perSecond: hurried.perSecond,
      p95MsMax: Math.max(...hurried.figures.map(p95)),
    },
  }
}
