/** The access explorer: who has, and who could ask for, what; and how AWS is read for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  AccessCouldAsk,
  AccessExplanation,
  AccessLook,
  AccessNow,
  AccessPage,
  AccessRow,
} from '#contract/access.ts'
import type { Preview } from '#contract/request.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { cookieOf, createScene, everywhere, raw, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let auditor: Person
let owner: Person
let approver: Person
let target: TargetNamed
let account: string
let policyId: string

beforeAll(async () => {
  scene = await createScene()
  admin = await scene.world.person('test-admin')
  auditor = await scene.world.person('test-auditor')
  owner = await scene.world.person('test-user')
  approver = await scene.world.person('sam.carter')
  policyId = await scene.eligibility(admin, {
    permissionSets: ['ReadOnlyAccess', 'Billing'],
    maxDurationMinutes: 90,
  })
  await scene.approval(admin)
  target = scene.target('payments-prod', 'ReadOnlyAccess')
  account = target.accountId
})
afterAll(() => scene.close())

async function explore(query: string, person = auditor): Promise<AccessPage> {
  const { status, body } = await person.get<AccessPage & ProblemBody>(`/access?${query}`)
  expect(status, body.detail).toBe(200)
  return body
}

const isNow = (row: AccessRow): row is AccessNow => row.kind === 'now'
const isCouldAsk = (row: AccessRow): row is AccessCouldAsk => row.kind === 'could-ask'

async function everything(query: string, limit = 3): Promise<AccessRow[]> {
  const rows: AccessRow[] = []
  let cursor: string | null = null
  do {
    const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = await explore(`${query}&limit=${limit}${more}`)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    rows.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return rows
}

async function look(order: object, person = auditor): Promise<AccessLook> {
  const { status, body } = await person.post<AccessLook & ProblemBody>('/access/look', order)
  expect(status, body.detail).toBe(202)
  return body
}

async function lookedAt(order: object): Promise<AccessLook> {
  const { id } = await look(order)
  for (let second = 0; second < 60; second += 1) {
    await scene.world.pass(1)
    const { body } = await auditor.get<AccessLook>(`/access/looks/${id}`)
    if (body.state !== 'open') return body
  }
  throw new Error('The look does not come to an end')
}

const standing = (holder: object, where = target) =>
  scene.world.control('POST', 'assignments', { ...where, ...holder })
const calls = (operation: string) =>
  [...scene.world.sandbox.world.state.calls].filter((call) => call.operation === operation).length

describe('before anybody has read AWS', () => {
  test('the page says so, and who could ask is there at once', async () => {
    const page = await explore(`accountId=${account}`)
    expect(page).toMatchObject({
      readAt: null,
      look: null,
      subject: { account: { name: 'payments-prod' } },
    })
    expect(page.items.filter(isNow)).toEqual([])
    const mine = page.items.filter(isCouldAsk).filter((row) => row.person.userName === 'test-user')
    expect(mine).toMatchObject([
      { permissionSetName: 'Billing', maxDurationMinutes: 90, policyIds: [policyId] },
      {
        permissionSetName: 'ReadOnlyAccess',
        approvalRequired: true,
        approvalsRequired: 1,
        tooFewApprovers: false,
        approverGroups: [{ displayName: 'TEAM approvers' }],
      },
    ])
  })
})

describe('what people could ask for', () => {
  test('is the same asked by account and by person, page by page', async () => {
    const byAccount = (await everything(`accountId=${account}&kind=could-ask`)).filter(isCouldAsk)
    const people = new Set(byAccount.map((row) => row.person.userId))
    expect(people.size).toBeGreaterThan(1)
    for (const userId of people) {
      const byPerson = (await everything(`userId=${userId}&kind=could-ask`, 7)).filter(isCouldAsk)
      const here = byPerson.filter((row) => row.accountId === account)
      expect(here).toEqual(byAccount.filter((row) => row.person.userId === userId))
    }
  })

  test('is what a preview of that person’s own says', async () => {
    const { body } = await owner.post<Preview>('/requests/preview', {
      targets: [target],
      durationMinutes: 60,
    })
    expect(body.targets[0]).toMatchObject({ allowed: true, approverCount: 2 })
    const userId = scene.user('test-user')
    const rows = await everything(`userId=${userId}&kind=could-ask`, 200)
    expect(rows).toContainEqual(expect.objectContaining({ ...target, approverCount: 2 }))
    const legacy = scene.account('legacy-dev')
    expect(rows.filter((row) => row.accountId === legacy)).toEqual([])
  })

  test('is narrowed by person, by account and by permission set', async () => {
    const one = await everything(`accountId=${account}&kind=could-ask&q=TEST-US&permissionSet=bill`)
    expect(one).toMatchObject([{ person: { userName: 'test-user' }, permissionSetName: 'Billing' }])
    const userId = scene.user('test-user')
    const there = await everything(
      `userId=${userId}&kind=could-ask&q=ments-pr&permissionSetArn=${encodeURIComponent(target.permissionSetArn)}`,
    )
    expect(there).toMatchObject([
      { accountName: 'payments-prod', permissionSetName: 'ReadOnlyAccess' },
    ])
  })

  test('of a suspended or the management account is nothing, and the page says why', async () => {
    for (const [name, why] of [
      ['legacy-dev', 'account_not_active'],
      ['Management', 'management_account'],
    ] as const) {
      const page = await explore(`accountId=${scene.account(name)}`)
      expect(page.subject.account?.notOfferedWhy).toBe(why)
      expect(page.items).toEqual([])
    }
  })
})

describe('approvers', () => {
  test('of an account, with the groups and policies that make them so', async () => {
    const rows = await everything(`accountId=${account}&kind=approver`)
    expect(rows.map((row) => row.person?.userName)).toContain('sam.carter')
    expect(rows[0]).toMatchObject({
      kind: 'approver',
      everyPermissionSet: true,
      groups: [{ displayName: 'TEAM approvers' }],
      policyCount: 1,
    })
  })

  test('and where a person is one', async () => {
    const rows = await everything(`userId=${scene.user('sam.carter')}&kind=approver`)
    expect(rows.map((row) => row.accountName)).toContain('payments-prod')
    expect(rows.map((row) => row.accountName)).not.toContain('legacy-dev')
    expect(await everything(`userId=${scene.user('test-user')}&kind=approver`)).toEqual([])
  })
})

describe('a look', () => {
  test('shows direct and group access, dated, and what TEAM gave with who approved it', async () => {
    const request = await scene.ask(owner, target, { durationMinutes: 60 })
    await approver.post(`/requests/${request.id}/approve`)
    await scene.world.pass(10)
    await scene.world.leap(120)
    await standing({ userName: 'priya.raman' })
    await standing({ groupName: 'TEAM auditors' }, scene.target('payments-prod', 'Billing'))
    const before = scene.world.now()
    expect(await lookedAt({ accountId: account })).toMatchObject({
      state: 'done',
      accountsTotal: 1,
      accountsDone: 1,
      failure: null,
    })
    const page = await explore(`accountId=${account}&kind=now`)
    expect(Date.parse(page.readAt ?? '')).toBeGreaterThanOrEqual(before.getTime())
    const readAt = expect.stringMatching(/^2026-11-24T/)
    expect(page.items).toMatchObject([
      { source: 'direct', person: { userName: 'priya.raman' }, readFrom: 'aws', readAt },
      {
        source: 'group',
        person: { userName: 'test-auditor' },
        permissionSetName: 'Billing',
        group: { displayName: 'TEAM auditors' },
        readAt,
      },
      {
        source: 'team',
        person: { userName: 'test-user' },
        readFrom: 'ledger',
        request: {
          id: request.id,
          status: 'active',
          approvedBy: [{ userName: 'sam.carter' }],
        },
      },
    ])
    const mine = await everything(`userId=${scene.user('test-auditor')}&kind=now`)
    expect(mine).toMatchObject([{ source: 'group', accountId: account }])
    await owner.post(`/requests/${request.id}/return`)
    await scene.world.pass(15)
    const after = await everything(`accountId=${account}&kind=now`)
    expect(after.filter(isNow).map(({ source }) => source)).toEqual(['direct', 'group'])
  })

  test('serves everybody who asks within a minute, with no call more', async () => {
    await scene.world.leap(120)
    const first = await lookedAt({ accountId: account })
    const made = calls('ListAccountAssignments')
    expect((await look({ accountId: account }, admin)).id).toBe(first.id)
    await scene.world.pass(5)
    expect(calls('ListAccountAssignments')).toBe(made)
    await scene.world.leap(120)
    expect((await look({ accountId: account })).id).not.toBe(first.id)
  })

  test('that two ask for in one moment is one', async () => {
    const order = { accountId: scene.account('payments-dev') }
    const [one, two] = await Promise.all([look(order), look(order, admin)])
    expect(one.id).toBe(two.id)
    await scene.world.pass(10)
  })

  test('forgets what AWS no longer provisions, and who has left the group', async () => {
    const sandboxAccount = scene.target('payments-dev', 'PowerUserAccess')
    await standing({ userName: 'priya.raman' }, sandboxAccount)
    await scene.world.leap(120)
    await lookedAt({ accountId: sandboxAccount.accountId })
    const now = () => everything(`accountId=${sandboxAccount.accountId}&kind=now`)
    expect(await now()).toHaveLength(1)
    await scene.world.control('DELETE', 'assignments', {
      ...sandboxAccount,
      userName: 'priya.raman',
    })
    expect(await now()).toHaveLength(1)
    await scene.world.leap(120)
    await lookedAt({ accountId: sandboxAccount.accountId })
    expect(await now()).toEqual([])
  })

  test('of a person goes through the accounts in which they may ask or were seen', async () => {
    await scene.world.leap(120)
    const userId = scene.user('priya.raman')
    const done = await lookedAt({ userId })
    expect(done).toMatchObject({ state: 'done', userId, accountId: null })
    expect(done.accountsTotal).toBeGreaterThan(0)
    const page = await explore(`userId=${userId}&kind=now`)
    expect(page.readAt).toBe(done.begunAt)
    expect(page.items).toMatchObject([{ source: 'direct', accountId: account }])
  })

  test('makes two calls a second at most, and one that fails says why', async () => {
    await scene.world.leap(120)
    scene.fault({
      operation: 'ListPermissionSetsProvisionedToAccount',
      error: 'AccessDeniedException',
    })
    const refused = await lookedAt({ accountId: scene.account('payments-dev') })
    scene.clearFaults()
    expect(refused.state).toBe('failed')
    expect(refused.failure).toContain('ListPermissionSetsProvisionedToAccount')
    const page = await explore(`accountId=${scene.account('payments-dev')}&kind=now`)
    expect(page.look).toMatchObject({ state: 'failed' })
    expect(page.readAt).not.toBeNull()

    await scene.world.leap(120)
    const before = calls('ListAccountAssignments')
    await look({ userId: scene.user('test-user') })
    await scene.world.pass(3)
    expect(calls('ListAccountAssignments') - before).toBeLessThanOrEqual(8)
  })

  test('is an event of the trail, by whoever asked', async () => {
    const { body } = await auditor.get<{ items: { action: string; actor: object }[] }>(
      `/audit/events?action=access.look&limit=1`,
    )
    expect(body.items).toMatchObject([
      { action: 'access.look', actor: { name: 'test-auditor' }, object: { type: 'user' } },
    ])
  })
})

describe('an explanation', () => {
  const explain = async (change: object = {}) => {
    const query = new URLSearchParams({ userId: scene.user('test-user'), ...target, ...change })
    const { status, body } = await auditor.get<AccessExplanation>(`/access/explain?${query}`)
    expect(status).toBe(200)
    return body
  }

  test('of what is allowed names the policies, and who approves by which group', async () => {
    const found = await explain()
    expect(found).toMatchObject({
      decision: { allowed: true, approvalRequired: true },
      policies: [{ policyId, counts: true, subject: { name: 'TEAM users' } }],
      policiesTotal: 1,
      approverPolicies: [{ counts: true, able: 2 }],
      approverCount: 2,
      requesterIsApprover: false,
    })
    expect(found.approvers.map(({ userName }) => userName)).toContain('sam.carter')
    expect(found.approvers[0]?.groups).toMatchObject([{ displayName: 'TEAM approvers' }])
  })

  test('of what is refused tells which part failed, and policies that come near', async () => {
    const disabled = await scene.eligibility(admin, {
      permissionSets: ['PowerUserAccess'],
      enabled: false,
    })
    const others = await scene.eligibility(admin, {
      subject: { type: 'group', id: scene.group('TEAM auditors') },
      targets: { ...everywhere },
      permissionSets: ['PowerUserAccess'],
    })
    const power = { permissionSetArn: scene.set('PowerUserAccess') }
    const found = await explain(power)
    expect(found.decision).toMatchObject({
      allowed: false,
      code: 'not_eligible',
      explanation: { failedPart: 'permissionSet', nearMisses: ['account_for_other_sets'] },
    })
    const verdicts = new Map(found.policies.map((one) => [one.policyId, one]))
    expect(verdicts.get(disabled)).toMatchObject({ enabled: false, subjectMatches: true })
    expect(verdicts.get(others)).toMatchObject({
      subjectMatches: false,
      permissionSetMatches: true,
    })
    expect(found.policies.some(({ counts }) => counts)).toBe(false)

    const { body } = await owner.post<Preview>('/requests/preview', {
      targets: [{ ...target, ...power }],
      durationMinutes: 60,
    })
    const [told] = body.targets
    expect(told?.explanation).toMatchObject({
      failedPart: 'permissionSet',
      nearMisses: ['account_for_other_sets'],
      policyCount: 1,
    })
    expect(told?.explanation.policies.map((one) => one.policyId)).toEqual([policyId])
    for (const id of [disabled, others]) await scene.dropPolicy(admin, 'eligibility-policies', id)
  })

  const outside: [string, string, string][] = [
    ['a suspended account', 'legacy-dev', 'account_not_active'],
    ['the management account', 'Management', 'management_account'],
  ]
  for (const [what, name, reason] of outside) {
    test(`of ${what} says that, whatever policies say`, async () => {
      const found = await explain({ accountId: scene.account(name) })
      expect(found.decision).toMatchObject({
        allowed: false,
        code: 'out_of_reach',
        explanation: { outOfReach: reason },
      })
    })
  }

  test('of an approver says that they would be one', async () => {
    const found = await explain({ userId: scene.user('sam.carter') })
    expect(found.requesterIsApprover).toBe(true)
    expect(found.approvers.map(({ userName }) => userName)).not.toContain('sam.carter')
  })
})

describe('an export', () => {
  const file = async (query: string) => {
    const headers = { cookie: cookieOf(scene, auditor) }
    const answer = await raw(scene.world.team.url, `/api/v1/access/export?${query}`, { headers })
    expect(answer.status).toBe(200)
    return answer
  }

  test('has every row of the list, and no cell of it is a formula', async () => {
    await scene.world.control('POST', 'users', {
      userName: 'formula',
      displayName: '=HYPERLINK("https://evil.example")',
    })
    await scene.join('formula', 'TEAM users')
    await admin.post('/directory/refresh')
    await scene.world.pass(5)
    const rows = await everything(`accountId=${account}`, 200)
    const { text, headers } = await file(`accountId=${account}`)
    const lines = text.split('\r\n').filter((line) => line !== '')
    expect(lines).toHaveLength(rows.length + 1)
    expect(lines[0]).toMatch(/^\uFEFF?kind,source,userId/)
    expect(text).toContain(`"'=HYPERLINK(""https://evil.example"")"`)
    expect(text).not.toMatch(/(^|,)"?=/m)
    expect(headers['content-disposition']).toBe('attachment; filename="access.csv"')
    const asLines = await file(`accountId=${account}&format=jsonl`)
    const parsed = asLines.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    expect(parsed).toHaveLength(rows.length)
    expect(parsed[0]).toMatchObject({ kind: 'now' })
  })
})

describe('who may not', () => {
  const paths = () => [
    `/access?accountId=${account}`,
    `/access/export?accountId=${account}`,
    `/access/explain?${new URLSearchParams({ userId: scene.user('test-admin'), ...target })}`,
    '/access/looks/00000000-0000-4000-8000-000000000001',
  ]

  test('a requester or an approver sees nothing of others, not even of themselves this way', async () => {
    for (const person of [owner, approver]) {
      for (const path of paths()) expect((await person.get(path)).status).toBe(403)
      const own = { userId: (await person.me()).userId }
      expect((await person.get(`/access?userId=${own.userId}`)).status).toBe(403)
      expect((await person.post('/access/look', own)).status).toBe(403)
    }
    const stranger = scene.world.stranger()
    for (const path of paths()) expect((await stranger.get(path)).status).toBe(401)
    expect((await stranger.post('/access/look', { accountId: account })).status).toBe(401)
  })

  test('nobody gets an answer about what is not there, or about two things at once', async () => {
    const nowhere = 'accountId=999999999999'
    for (const path of [`/access?${nowhere}`, `/access/export?${nowhere}`, '/access?userId=u-9']) {
      expect((await auditor.get(path)).status, path).toBe(404)
    }
    expect((await auditor.post('/access/look', { userId: 'u-9' })).status).toBe(404)
    expect((await auditor.get(paths()[3] ?? '')).status).toBe(404)
    const both = await auditor.get<ProblemBody>(`/access?accountId=${account}&userId=u-9`)
    expect(both).toMatchObject({ status: 400, body: { code: 'malformed' } })
    expect((await auditor.get('/access')).status).toBe(400)
    expect((await auditor.get(`/access?accountId=${account}&cursor=x`)).status).toBe(400)
    const other = Buffer.from(JSON.stringify(['approver', '', '', '', '', ''])).toString(
      'base64url',
    )
    const answer = await auditor.get(`/access?accountId=${account}&kind=now&cursor=${other}`)
    expect(answer.status).toBe(400)
  })

  test('the management account is not looked at', async () => {
    const order = { accountId: scene.account('Management') }
    const { status, body } = await auditor.post<ProblemBody>('/access/look', order)
    expect([status, body.code]).toEqual([403, 'out_of_reach'])
  })

  test('more looks at once than TEAM will carry out are refused, until one is done', async () => {
    await scene.world.leap(300)
    await scene.world.database.owner.query(
      `insert into access_look (look_id, subject_type, subject_id, state, asked_by_id, asked_at,
         stepped_at, not_before, accounts_left, accounts_total)
       select gen_random_uuid(), 'user', 'u-' || n, 'open', 'u', $1, $1, 'infinity', '{}', 0
       from generate_series(1, 20) n`,
      [scene.world.now()],
    )
    const order = { userId: scene.user('test-user') }
    const { status, body } = await auditor.post<ProblemBody>('/access/look', order)
    expect([status, body.code]).toEqual([429, 'rate_limited'])
    await scene.world.database.owner.query(`update access_look set not_before = null`)
    await scene.world.pass(2)
    expect((await auditor.post('/access/look', order)).status).toBe(202)
  })
})
