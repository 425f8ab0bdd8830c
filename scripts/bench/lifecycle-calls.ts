/**
 * AWS calls a request costs, from its submission until it is over, at three sizes of organisation:
 * one request after another, and ten in flight at once. Counts only, so the clock is driven.
 *
 * What TEAM asks without any request (the directory's refresh and the like) is measured first, over
 * the same driven time: it may not grow by the requests made.
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
/** Longer ago than this, the directory is read again: it is done before, not during, a life. */
const refreshSeconds = 300

interface Life {
  readonly own: number
  readonly shared: number
  readonly person: number
  readonly background: number
  readonly all: Record<string, number>
}

export async function lifecycleCalls(
  cluster: TestClusterAddress,
  print: Print,
  names: readonly string[],
): Promise<void> {
  const perRequest: number[] = []
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
  const idle = await counted(world, async () => world.pass(lifeSeconds))
  const oneAfterAnother: Life[] = []
  for (let at = 0; at < oneByOne; at += 1) {
    oneAfterAnother.push(
      await counted(world, () =>
        live(world, { user, approver, targets: targets.slice(at, at + 1) }),
      ),
    )
  }
  const some = targets.slice(oneByOne, oneByOne + atOnce)
  const inFlight = await counted(world, () => live(world, { user, approver, targets: some }))
  return {
    idle,
    oneAfterAnother,
    inFlight: { requests: some.length, ...inFlight },
    eachInFlight: {
      own: inFlight.own / atOnce,
      shared: inFlight.shared / atOnce,
      person: inFlight.person / atOnce,
    },
    backgroundGrewBy: round((inFlight.background - idle.background) / atOnce),
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

async function counted(world: TeamWorld, work: () => Promise<void>): Promise<Life> {
  await world.leap(refreshSeconds)
  await world.control('DELETE', 'calls')
  await work()
  const { calls } = world.sandbox.world.state
  const all = countBy(calls, ({ operation }) => operation)
  const sum = (operations: readonly string[]) =>
    operations.reduce((total, operation) => total + (all[operation] ?? 0), 0)
  const own = sum(ownOperations)
  const shared = sum(sharedOperations)
  const person = sum(personOperations)
  const background = calls.length - own - shared - person - sum(['SendEmail'])
  return { own, shared, person, background, all }
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
