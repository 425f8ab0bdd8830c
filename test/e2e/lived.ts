/** An installation that has lived a little: every page has something true to show. */
import { addFault } from '#sandbox/control/behaviour.ts'
import { type Bucket, reserve } from '#server/engine/budget.ts'
import type { Person } from '#test/person.ts'
import type { BrowserWorld } from './browser.ts'

/** What the addresses of pages are made of. */
export interface Places {
  readonly active: string
  readonly ended: string
  readonly rejected: string
  readonly pending: string
  readonly late: string
  readonly submission: string
  readonly eligibility: string
  readonly approver: string
  readonly proposal: string
  readonly accountId: string
  readonly userId: string
  /** One that may be asked for, as the form's address names it. */
  readonly target: string
  /** One that is held already. */
  readonly held: string
}

const callsOf: readonly Bucket[] = [
  'sso-admin',
  'sso-admin/other',
  'sso-admin/contents',
  'organizations',
  'identitystore/ListGroupMemberships',
]

interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

const inAddress = ({ accountId, permissionSetArn }: Target) =>
  `${accountId}~${encodeURIComponent(permissionSetArn)}`

interface Asked {
  readonly targets: readonly Target[]
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket?: string
  readonly breakGlass?: boolean
}

export async function liveALittle({ world, pass, leap }: BrowserWorld): Promise<Places> {
  const { groups, users, accounts, organizationalUnits, permissionSets } =
    await world.organization()
  const group = (name: string) => idOf(groups, (one) => one.displayName === name).groupId
  const target = (account: string, set: string): Target => ({
    accountId: idOf(accounts, ({ name }) => name === account).accountId,
    permissionSetArn: idOf(permissionSets, ({ name }) => name === set).arn,
  })
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  const workloads = idOf(organizationalUnits, ({ name }) => name === 'Workloads').id
  await world.control('POST', 'memberships', { userName: 'naoko.mori', groupName: 'TEAM admins' })
  const [admin, user, priya, sam] = await Promise.all([
    world.person('test-admin'),
    world.person('test-user'),
    world.person('priya.raman'),
    world.person('sam.carter'),
    // The second administrator, without whom nobody can be made to propose.
    world.person('naoko.mori'),
  ])
  const eligibility = await made<{ id: string }>(admin, '/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets: {
      accounts: [],
      organizationalUnits: [{ id: workloads, scope: 'subtree' }],
      root: false,
    },
    permissionSets: ['ReadOnlyAccess', 'PowerUser*'],
    maxDurationMinutes: 240,
    breakGlass: true,
    note: 'On call, all workloads',
  })
  await made(admin, '/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM approvers') },
    targets: everywhere,
    permissionSets: ['AdministratorAccess'],
    maxDurationMinutes: 60,
    ticketRequired: true,
    note: 'Emergencies only',
  })
  const approver = await made<{ id: string }>(admin, '/approver-policies', {
    targets: everywhere,
    approverGroups: [group('TEAM approvers')],
    note: 'Platform team decides everywhere',
  })
  const ask = async (person: Person, asked: Asked) => {
    const { requests } = await made<{ requests: { id: string; submissionId: string }[] }>(
      person,
      '/requests',
      asked,
    )
    await pass(5)
    const [first] = requests
    if (first === undefined) throw new Error('Nothing was asked for')
    return first
  }

  const ended = await ask(user, {
    targets: [target('storefront-dev', 'ReadOnlyAccess')],
    durationMinutes: 30,
    justification: 'Check why the nightly job stopped',
  })
  await sam.post(`/requests/${ended.id}/approve`, { comment: 'Go ahead' })
  await pass(10)
  await leap(600)
  await user.post(`/requests/${ended.id}/return`)
  await pass(10)
  const rejected = await ask(user, {
    targets: [target('storefront-prod', 'PowerUserAccess')],
    durationMinutes: 120,
    justification: 'Try something out',
  })
  await sam.post(`/requests/${rejected.id}/reject`, {
    comment: 'Please try it in storefront-dev first',
  })
  const late = await ask(user, {
    targets: [target('storefront-prod', 'ReadOnlyAccess')],
    durationMinutes: 5,
    justification: 'Look at the checkout errors of this morning',
  })
  await sam.post(`/requests/${late.id}/approve`)
  await pass(10)
  addFault(world.sandbox.world, {
    operation: 'DeleteAccountAssignment',
    error: 'AccessDeniedException',
  })
  await world.control('POST', 'assignments', {
    userName: 'priya.raman',
    ...target('storefront-dev', 'PowerUserAccess'),
  })
  await leap(301)
  for (let minutes = 0; minutes < 3; minutes += 1) await pass(60)
  await leap(301)

  const active = await ask(user, {
    targets: [target('payments-prod', 'ReadOnlyAccess')],
    durationMinutes: 60,
    justification: '「障害対応」決済エラーの原因を本番ログで確認します',
  })
  await sam.post(`/requests/${active.id}/approve`, { comment: '了解です' })
  await ask(user, {
    targets: [target('payments-dev', 'PowerUserAccess')],
    durationMinutes: 60,
    justification: 'Payments are down, INC-4711',
    breakGlass: true,
  })
  const pending = await ask(priya, {
    targets: [target('payments-prod', 'PowerUserAccess')],
    durationMinutes: 90,
    justification: 'Restart the settlement worker, INC-4242',
  })
  const together = await ask(user, {
    targets: ['データ基盤-prod', 'storefront-dev'].map((name) => target(name, 'ReadOnlyAccess')),
    durationMinutes: 45,
    justification: '夜間バッチ失敗の調査',
  })
  await made(user, '/saved-requests', {
    name: '当番: 夜間の確認',
    targets: [target('payments-prod', 'ReadOnlyAccess')],
    durationMinutes: 60,
    justification: '夜間の当番',
  })
  await made(user, '/tokens', {
    name: 'Nightly report',
    scopes: ['requests:read'],
    expiresAt: new Date(world.now().getTime() + 30 * 86_400_000).toISOString(),
  })
  // One that the provider has refused for a day.
  await world.database.owner.query(
    `update notice set state = 'failed', attempts = 12, last_error = 'Email address is not verified'
      where notice_id = (select notice_id from notice
        where event = 'active' and request_id = $1 limit 1)`,
    [late.id],
  )
  // This world's own calls are not counted, because its time is driven.
  for (const bucket of callsOf) await reserve(world.database.db, bucket, 2)
  await made(admin, '/audit/holds', { userId: null, reason: 'Case 2026-17: keep everything' })
  await pass(30)
  const proposal = await propose(admin, eligibility.id)
  return {
    active: active.id,
    ended: ended.id,
    rejected: rejected.id,
    pending: pending.id,
    late: late.id,
    submission: together.submissionId,
    eligibility: eligibility.id,
    approver: approver.id,
    proposal,
    accountId: target('payments-prod', 'ReadOnlyAccess').accountId,
    userId: idOf(users, ({ userName }) => userName === 'test-user').userId,
    target: inAddress(target('payments-dev', 'ReadOnlyAccess')),
    held: inAddress(target('payments-prod', 'ReadOnlyAccess')),
  }
}

/** Turns on that a second administrator agrees, and widens a policy, which then waits for one. */
async function propose(admin: Person, policyId: string): Promise<string> {
  const settings = await admin.get('/settings')
  const turnedOn = await admin.call(
    'PATCH',
    '/settings',
    { secondAdmin: true },
    { 'if-match': settings.headers.get('etag') ?? '' },
  )
  expectStatus(turnedOn, 200)
  const { body, headers } = await admin.get<Record<string, unknown>>(
    `/eligibility-policies/${policyId}`,
  )
  const { subject, targets, permissionSets, breakGlass, note } = body as {
    subject: { type: string; id: string }
    targets: unknown
    permissionSets: unknown
    breakGlass: boolean
    note: string
  }
  const wider = await admin.call<{ proposal?: { id: string }; id?: string }>(
    'PUT',
    `/eligibility-policies/${policyId}`,
    {
      subject: { type: subject.type, id: subject.id },
      targets,
      permissionSets,
      breakGlass,
      note,
      maxDurationMinutes: 480,
    },
    { 'if-match': headers.get('etag') ?? '' },
  )
  expectStatus(wider, 202)
  const { body: page } = await admin.get<{ items: { id: string }[] }>('/proposals')
  const [first] = page.items
  if (first === undefined) throw new Error('Nothing was proposed')
  return first.id
}

async function made<Body>(person: Person, path: string, body: object): Promise<Body> {
  const answer = await person.post<Body>(path, body)
  expectStatus(answer, 201)
  return answer.body
}

function expectStatus(answer: { status: number; body: unknown }, status: number): void {
  if (answer.status === status) return
  throw new Error(`${answer.status} in place of ${status}: ${JSON.stringify(answer.body)}`)
}

function idOf<Item>(items: readonly Item[], is: (item: Item) => boolean): Item {
  const found = items.find(is)
  if (found === undefined) throw new Error(`The organisation has none for ${is}`)
  return found
}
