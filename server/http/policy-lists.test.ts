/** Lists of policies narrowed by what they say, and by what they cover. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PolicyId } from '#core/ids.ts'
import { type Api, type Client, createApi } from '#test/api.ts'
import { accounts, groups, ous, people, permissionSets } from '#test/factory.ts'

let api: Api
let audrey: Client
const nameOf = new Map<string, string>()

const none = { accounts: [], organizationalUnits: [], root: false }
const everywhere = { ...none, root: true }
const under = (id: (typeof ous)[keyof typeof ous], scope: 'children' | 'subtree') => ({
  ...none,
  organizationalUnits: [{ id, scope }],
})

beforeAll(async () => {
  api = await createApi()
  audrey = await api.as('audrey')
  const { world } = api
  const keep = async (name: string, made: Promise<PolicyId>) => {
    nameOf.set(await made, name)
    world.pass(1)
  }
  await keep('root, read', world.eligibility({ permissionSets: ['Read*'] }))
  await keep(
    'prod by id, admin by arn',
    world.eligibility({
      targets: { ...none, accounts: [accounts.prod] },
      permissionSets: [permissionSets.admin],
      breakGlass: true,
      ticketRequired: true,
    }),
  )
  await keep(
    'below workloads, all',
    world.eligibility({
      subject: { type: 'user', id: people.mallory },
      targets: under(ous.workloads, 'subtree'),
      permissionSets: ['*'],
      approvalRequired: false,
    }),
  )
  await keep(
    'directly in workloads, off',
    world.eligibility({
      subject: { type: 'group', id: groups.seconds },
      targets: under(ous.workloads, 'children'),
      permissionSets: ['*'],
      enabled: false,
    }),
  )
  await keep('approvers everywhere', world.approval())
  await keep(
    'seconds in dev',
    world.approval({
      targets: under(ous.dev, 'children'),
      permissionSets: ['Bill*'],
      approverGroups: [groups.seconds, groups.approvers],
      exclusive: true,
    }),
  )
  await keep('off', world.approval({ approverGroups: [groups.seconds], enabled: false }))
  const gone = await world.eligibility({ note: 'deleted' })
  await world.removePolicy(gone)
})
afterAll(() => api.close())

async function listed(path: string, by = audrey): Promise<(string | undefined)[]> {
  const { status, body } = await by.get(path)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.items.map(({ id }: { id: string }) => nameOf.get(id))
}

const [read, admin, below, off] = [
  'root, read',
  'prod by id, admin by arn',
  'below workloads, all',
  'directly in workloads, off',
] as const

describe('eligibility policies are found', () => {
  const rules: [string, string, string[]][] = [
    ['all of them, the newest first, without a filter', '', [off, below, admin, read]],
    ['of a kind of subject', 'subjectType=user', [below]],
    ['of one subject', `subjectId=${groups.users}`, [admin, read]],
    ['by text within a group’s name, whatever its case', 'subject=m%20USERS', [admin, read]],
    ['by text within a user’s name', 'subject=allor', [below]],
    ['by full-width text', `subject=${encodeURIComponent('ｓｅｃｏｎｄｓ')}`, [off]],
    ['by no wildcard', 'subject=%25', []],
    ['that name an account or cover it', `accountId=${accounts.prod}`, [below, admin, read]],
    ['that cover it by an OU or the root', `accountId=${accounts.dev}`, [below, read]],
    ['never by the root for an unknown account', 'accountId=999999999999', []],
    ['that name a permission set', `permissionSetArn=${permissionSets.admin}`, [off, below, admin]],
    ['whose pattern matches it', `permissionSetArn=${permissionSets.readOnly}`, [off, below, read]],
    [
      'for an account and a permission set at once',
      `accountId=${accounts.dev}&permissionSetArn=${permissionSets.admin}`,
      [below],
    ],
    ['that are off', 'enabled=false', [off]],
    ['that need no approval', 'approvalRequired=false', [below]],
    ['that need a ticket', 'ticketRequired=true', [admin]],
    ['that allow break-glass', 'breakGlass=true', [admin]],
    ['only if every filter holds', 'breakGlass=true&approvalRequired=false', []],
  ]
  for (const [rule, query, found] of rules) {
    test(rule, async () => {
      expect(await listed(`/eligibility-policies?${query}`)).toEqual(found)
    })
  }

  test('page by page within a filter, each once', async () => {
    const seen: (string | undefined)[] = []
    let cursor = ''
    do {
      const path = `/eligibility-policies?limit=1&accountId=${accounts.prod}${cursor}`
      const { body } = await audrey.get(path)
      seen.push(...body.items.map(({ id }: { id: string }) => nameOf.get(id)))
      cursor = body.nextCursor === null ? '' : `&cursor=${encodeURIComponent(body.nextCursor)}`
    } while (cursor !== '')
    expect(seen).toEqual([below, admin, read])
  })
})

describe('approver policies are found', () => {
  const rules: [string, string, string[]][] = [
    [
      'by a group among others',
      `groupId=${groups.approvers}`,
      ['seconds in dev', 'approvers everywhere'],
    ],
    ['that are exclusive', 'exclusive=true', ['seconds in dev']],
    ['that are off', 'enabled=false', ['off']],
    ['that cover an account', `accountId=${accounts.prod}&enabled=true`, ['approvers everywhere']],
    [
      'for every permission set, or by a pattern',
      `permissionSetArn=${permissionSets.billing}&enabled=true`,
      ['seconds in dev', 'approvers everywhere'],
    ],
    [
      'not by a pattern of others',
      `permissionSetArn=${permissionSets.admin}&enabled=true`,
      ['approvers everywhere'],
    ],
  ]
  for (const [rule, query, found] of rules) {
    test(rule, async () => {
      expect(await listed(`/approver-policies?${query}`)).toEqual(found)
    })
  }
})

describe('a filter is refused', () => {
  const refused: [string, string][] = [
    ['of the other kind of policy', '/approver-policies?breakGlass=true'],
    ['of the other kind of policy, the other way', '/eligibility-policies?exclusive=true'],
    ['that is no account', '/eligibility-policies?accountId=payments'],
    ['that is no ARN', '/eligibility-policies?permissionSetArn=ReadOnlyAccess'],
    ['that is no flag', '/eligibility-policies?enabled=yes'],
    ['that is no group', '/approver-policies?groupId=x'],
  ]
  for (const [rule, path] of refused) {
    test(rule, async () => {
      expect((await audrey.get(path)).status).toBe(400)
    })
  }

  test('to whoever may not read policies, whatever it is', async () => {
    const alice = await api.as('alice')
    for (const kind of ['eligibility-policies', 'approver-policies']) {
      const { status, body } = await alice.get(`/${kind}?accountId=${accounts.prod}`)
      expect([status, body.items]).toEqual([403, undefined])
    }
  })
})

test('an old version says its subject by name', async () => {
  const ada = await api.as('ada')
  const { body: made } = await ada.post('/eligibility-policies', {
    subject: { type: 'user', id: people.erin },
    targets: everywhere,
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
  })
  const { body } = await audrey.get(`/eligibility-policies/${made.id}/history`)
  expect(body.items[0].body.subject).toEqual({ type: 'user', id: people.erin, name: 'Erin' })
})
