/**
 * One request from asking to gone, in real time, against a sandbox with AWS's limits on: how many
 * calls of sso-admin it costs at either size of organisation, how long after approval the access is
 * there, and how long after its end it is gone, both beyond AWS's own delay.
 */
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { createTeamWorld, type TeamWorld } from '#test/team-world.ts'

type Print = (line: object) => void

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
/** The sandbox's default. */
const awsDelaySeconds = 2

export async function requestLife(cluster: TestClusterAddress, print: Print): Promise<void> {
  const lives: Life[] = []
  for (const size of ['small', 'large'] as const) {
    const world = await createTeamWorld({ cluster, size, realTime: true })
    try {
      await quietContents(world)
      const life = await liveThrough(world)
      print({ size, ...life })
      lives.push(life)
    } finally {
      await world.close()
    }
  }
  print({
    summary: 'request-life',
    ownCallsMax: Math.max(...lives.map((life) => life.ownCalls)),
    toActiveBeyondAwsSecondsMax: Math.max(...lives.map((life) => life.toActiveBeyondAwsSeconds)),
    toGoneBeyondAwsSecondsMax: Math.max(...lives.map((life) => life.toGoneBeyondAwsSeconds)),
  })
}

interface Life {
  readonly ownCalls: number
  readonly calls: Record<string, number>
  readonly sharedCalls: number
  readonly identityStoreCalls: number
  readonly toActiveBeyondAwsSeconds: number
  readonly toGoneBeyondAwsSeconds: number
  readonly excessSeconds: number | null
}

/** The slow reading of permission sets' contents would be counted with the request's own call. */
async function quietContents({ database, now }: TeamWorld): Promise<void> {
  await database.owner.query('update directory_permission_set set content_read_at = $1', [now()])
}

async function liveThrough(world: TeamWorld): Promise<Life> {
  const admin = await world.person('test-admin')
  const user = await world.person('test-user')
  const approver = await world.person('sam.carter')
  const target = await makePolicies(world, admin)
  await world.control('DELETE', 'calls')

  const asked = await user.post<{ requests: Request[] }>('/requests', {
    targets: [target],
    durationMinutes: 1,
    justification: 'Measuring a life',
  })
  const id = asked.body.requests[0]?.id ?? ''
  await approver.post(`/requests/${id}/approve`)
  const approvedAt = Date.now()
  const active = await until(user, id, 'active')
  const ended = await until(user, id, 'ended')

  const calls = (await world.control('GET', 'calls')) as { service: string; operation: string }[]
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length
  const counted = Object.fromEntries(ownOperations.map((name) => [name, count(name)]))
  const seconds = (from: number, to: string | null) => (Date.parse(to ?? '') - from) / 1000
  return {
    ownCalls: ownOperations.reduce((sum, name) => sum + count(name), 0),
    calls: counted,
    sharedCalls: sharedOperations.reduce((sum, name) => sum + count(name), 0),
    identityStoreCalls: calls.filter((call) => call.service === 'identitystore').length,
    toActiveBeyondAwsSeconds: round(seconds(approvedAt, active.grantedAt) - awsDelaySeconds),
    toGoneBeyondAwsSeconds: round((ended.excessSeconds ?? Number.NaN) - awsDelaySeconds),
    excessSeconds: ended.excessSeconds,
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100
}

export async function makePolicies(world: TeamWorld, admin: Person) {
  const organization = await world.organization()
  const group = (name: string) =>
    organization.groups.find((one) => one.displayName === name)?.groupId ?? ''
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets: everywhere,
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
  })
  await admin.post('/approver-policies', {
    targets: everywhere,
    approverGroups: [group('TEAM approvers')],
  })
  const account = organization.accounts.find((one) => one.name === 'payments-prod')
  const set = organization.permissionSets.find((one) => one.name === 'ReadOnlyAccess')
  return { accountId: account?.accountId ?? '', permissionSetArn: set?.arn ?? '' }
}

const pollMs = 100
const waitMsMax = 120_000

async function until(person: Person, id: string, status: Request['status']): Promise<Request> {
  for (let waited = 0; waited < waitMsMax; waited += pollMs) {
    const request = await person.request(id)
    if (request.status === status) return request
    await new Promise((done) => setTimeout(done, pollMs))
  }
  throw new Error(`Request ${id} did not become ${status}`)
}
