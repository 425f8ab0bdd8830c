/**
 * AWS calls a request costs, from its submission until it is over, at three sizes of organisation:
 * one request after another, and ten in flight at once. Counts only, so the clock is driven.
 *
 * Every window of driven time holds one refresh of the directory. The first window has no request in
 * it, and what AWS was asked then is taken off the others: what is left was caused by requests, and
 * the part of it that is `background` shows whether the refresh grows by them.
 */
import type { Request } from '#contract/request.ts'
import type { Sandbox } from '#sandbox/start.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { createTeamWorld, type TeamWorld } from '#test/team-world.ts'
import { countBy, loadNow, type Print, round } from './figures.ts'
import { makePolicies } from './installation.ts'
import { addAccounts } from './organisation.ts'

const sizes = {
  50: { size: 'small', accounts: 50 },
  1000: { size: 'large', accounts: 1_000 },
  5000: { size: 'large', accounts: 5_000 },
} as const

const ownOperations = [
  'ListAccountAssignments',
  'DescribePermissionSet',
  'CreateAccountAssignment',
  'DescribeAccountAssignmentCreationStatus',
  'DeleteAccountAssignment',
  'DescribeAccountAssignmentDeletionStatus',
]
const sharedOperations = [
  'ListAccountAssignmentCreationStatus',
  'ListAccountAssignmentDeletionStatus',
]
/** About one person: that they are still enabled, and in which groups. */
const personOperations = ['DescribeUser', 'ListGroupMembershipsForMember', 'IsMemberInGroups']

/** A minute of access, AWS's delays, and what follows. */
const lifeSeconds = 75
const atOnce = 10
const oneByOne = 3
/** After so long the directory is read again. */
const refreshSeconds = 300

interface Life {
  /** Of sso-admin, about this request alone. */
  readonly own: number
  /** Lists of what AWS still works on, one a second for all that are in flight. */
  readonly shared: number
  /** Of the Identity Store: a reading of a person serves all their requests for a minute. */
  readonly person: number
  readonly background: number
  readonly operations: Record<string, number>
}

export async function lifecycleCalls(
  cluster: TestClusterAddress,
  print: Print,
  names: readonly string[],
): Promise<void> {
  const perRequest: number[] = []
  const background: number[] = []
  for (const [name, { size, accounts }] of Object.entries(sizes)) {
    if (names.length > 0 && !names.includes(name)) continue
    const startedMs = performance.now()
    const world = await createTeamWorld({
      cluster,
      size,
      shape: (sandbox) => void addAccounts(sandbox, accounts - sandbox.world.state.accounts.size),
    })
    try {
      const readyMs = performance.now() - startedMs
      const line = await measure(world)
      const { oneAfterAnother, inFlight } = line
      perRequest.push(...oneAfterAnother.map(({ own }) => own), inFlight.own / atOnce)
      background.push(...[...oneAfterAnother, inFlight].map((life) => life.background))
      const accountsKnown = world.sandbox.world.state.accounts.size
      print({ accounts: accountsKnown, readyMs: round(readyMs), ...line, load: loadNow() })
    } finally {
      await world.close()
    }
  }
  print({
    summary: 'lifecycle-calls',
    target: 8,
    callsOfARequestMax: Math.max(...perRequest),
    callsOfARequestMin: Math.min(...perRequest),
    isTheSameAtEverySize: new Set(perRequest).size === 1,
    backgroundCallsCausedMax: Math.max(...background),
    load: loadNow(),
  })
}

async function measure(world: TeamWorld) {
  await quietContents(world)
  const [admin, user, approver] = [
    await world.person('test-admin'),
    await world.person('test-user'),
    await world.person('sam.carter'),
  ]
  await makePolicies(world, admin)
  const targets = targetsOf(world.sandbox)
  await world.leap(refreshSeconds)
  const idle = await countCalls(world, () => world.pass(lifeSeconds))
  const counted = async (work: () => Promise<void>) => lifeFrom(await countCalls(world, work), idle)
  const oneAfterAnother: Life[] = []
  for (let at = 0; at < oneByOne; at += 1) {
    oneAfterAnother.push(
      await counted(() => live(world, { user, approver, targets: targets.slice(at, at + 1) })),
    )
  }
  const some = targets.slice(oneByOne, oneByOne + atOnce)
  const inFlight = await counted(() => live(world, { user, approver, targets: some }))
  return {
    refreshCalls: sumOf(idle, Object.keys(idle)),
    oneAfterAnother,
    inFlight: { requests: some.length, ...inFlight },
    eachInFlight: {
      own: inFlight.own / atOnce,
      shared: inFlight.shared / atOnce,
      person: inFlight.person / atOnce,
    },
  }
}

/** The slow reading of permission sets' contents would be counted with a request's own call. */
async function quietContents({ database, now }: TeamWorld): Promise<void> {
  await database.owner.query('update directory_permission_set set content_read_at = $1', [
    new Date(now().getTime() + 12 * 3_600_000),
  ])
}

function targetsOf({ world }: Sandbox) {
  const { state } = world
  const arn = state.permissionSetByName('ReadOnlyAccess')?.permissionSetArn ?? ''
  return [...state.accounts.values()]
    .filter(({ name }) => name.startsWith('bench-') || name.startsWith('workload-'))
    .map(({ accountId }) => ({ accountId, permissionSetArn: arn }))
}

type Counts = Readonly<Record<string, number>>

async function countCalls(world: TeamWorld, work: () => Promise<void>): Promise<Counts> {
  await world.control('DELETE', 'calls')
  await work()
  await world.leap(refreshSeconds)
  const isMail = (operation: string) => operation === 'SendEmail'
  const { calls } = world.sandbox.world.state
  return countBy(
    calls.filter(({ operation }) => !isMail(operation)),
    ({ operation }) => operation,
  )
}

function lifeFrom(counts: Counts, idle: Counts): Life {
  const operations = Object.fromEntries(
    Object.keys({ ...idle, ...counts })
      .map((name) => [name, (counts[name] ?? 0) - (idle[name] ?? 0)] as const)
      .filter(([, more]) => more !== 0),
  )
  const own = sumOf(operations, ownOperations)
  const shared = sumOf(operations, sharedOperations)
  const person = sumOf(operations, personOperations)
  const background = sumOf(operations, Object.keys(operations)) - own - shared - person
  return { own, shared, person, background, operations }
}

function sumOf(counts: Counts, operations: readonly string[]): number {
  return operations.reduce((total, operation) => total + (counts[operation] ?? 0), 0)
}

interface Asking {
  readonly user: Person
  readonly approver: Person
  readonly targets: readonly { accountId: string; permissionSetArn: string }[]
}

async function live(world: TeamWorld, { user, approver, targets }: Asking): Promise<void> {
  const asked = await user.post<{ requests: Request[] }>('/requests', {
    targets,
    durationMinutes: 1,
    justification: 'Counting calls',
  })
  if (asked.status !== 201) throw new Error(`Refused: ${JSON.stringify(asked.body)}`)
  for (const { id } of asked.body.requests) {
    const { status, body } = await approver.post(`/requests/${id}/approve`)
    if (status !== 200 && status !== 204) throw new Error(`Not approved: ${JSON.stringify(body)}`)
  }
  await world.pass(lifeSeconds)
  for (const { id } of asked.body.requests) {
    const { status } = await user.request(id)
    if (status !== 'ended') throw new Error(`After ${lifeSeconds} seconds ${id} is ${status}`)
  }
}
