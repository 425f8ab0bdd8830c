/** Lists against what each person may see, worked out by loops over everything. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { createScene, everywhere, type Scene } from './scene.ts'

const names = [
  'test-admin',
  'test-auditor',
  'test-user',
  'sam.carter',
  'naoko.mori',
  'priya.raman',
  'build.operator',
] as const
type Name = (typeof names)[number]

/** Written by hand from the policies below: who decides on what, less who asks. */
function decidersOf(account: string, set: string): readonly Name[] {
  if (account === 'storefront-prod') return ['priya.raman']
  if (set === 'Billing') return ['naoko.mori', 'sam.carter', 'build.operator']
  return ['naoko.mori', 'sam.carter']
}

let scene: Scene
let everything: Request[]
const people = new Map<Name, Person>()
const sees = new Map<string, ReadonlySet<Name>>()
const votes = new Map<string, Name[]>()

const as = (name: Name): Person => {
  const person = people.get(name)
  if (!person) throw new Error(name)
  return person
}

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  await scene.join('build.operator', 'AWSSecurityAuditors')
  await scene.leave('sam.carter', 'AWSSecurityAuditors')
  for (const name of names) people.set(name, await world.person(name))
  const admin = as('test-admin')
  await scene.eligibility(admin)
  await scene.approval(admin)
  await scene.approval(admin, {
    approverGroups: [scene.group('AWSControlTowerAdmins')],
    targets: { ...everywhere, root: false, accounts: [scene.account('storefront-prod')] },
    exclusive: true,
  })
  await scene.approval(admin, {
    approverGroups: [scene.group('AWSSecurityAuditors')],
    permissionSets: ['Bill*'],
  })
  await scene.eligibility(admin, {
    subject: { type: 'group', id: scene.group('TEAM users') },
    permissionSets: ['PowerUserAccess'],
    breakGlass: true,
  })
  await admin.post('/directory/refresh')
  await world.pass(2)

  const askers = ['test-user', 'sam.carter', 'priya.raman', 'build.operator'] as const
  const accounts = ['payments-prod', 'storefront-prod', 'payments-dev']
  const sets = ['ReadOnlyAccess', 'Billing']
  let turn = 0
  for (const asker of askers) {
    for (const account of accounts) {
      for (const set of sets) {
        const deciders = decidersOf(account, set).filter((name) => name !== asker)
        if (deciders.length === 0) continue
        const ticket = `OPS-${turn}`
        const request = await scene.ask(as(asker), scene.target(account, set), { ticket })
        const decider = deciders[turn % deciders.length] ?? 'sam.carter'
        await settle(request, { asker, decider, how: turn % 5 })
        sees.set(request.id, new Set<Name>(['test-admin', 'test-auditor', asker, ...deciders]))
        turn += 1
        // Times differ, so that the order of a list is one.
        if (turn % 2 === 0) await world.pass(1)
      }
    }
  }
  for (const asker of askers) await breakGlass(asker)
  await world.pass(10)
  const { body } = await as('test-auditor').get<{ items: Request[] }>(
    '/requests?view=all&limit=200',
  )
  everything = body.items
}, 180_000)
afterAll(() => scene.close())

/** In each account; what the first decider of it can review, every other time they have. */
async function breakGlass(asker: Name): Promise<void> {
  for (const [turn, account] of ['payments-prod', 'storefront-prod'].entries()) {
    const set = 'PowerUserAccess'
    const reviewers = decidersOf(account, set).filter((name) => name !== asker)
    const [reviewer] = reviewers
    if (reviewer === undefined) continue
    const request = await scene.ask(as(asker), scene.target(account, set), { breakGlass: true })
    sees.set(request.id, new Set<Name>(['test-admin', 'test-auditor', asker, ...reviewers]))
    if ((turn + asker.length) % 2 === 0) continue
    const given = { outcome: 'justified', comment: 'Seen' }
    await as(reviewer).post(`/requests/${request.id}/review`, given)
  }
}

async function settle(
  { id }: Request,
  { asker, decider, how }: { asker: Name; decider: Name; how: number },
): Promise<void> {
  if (how === 0) return
  if (how === 1) return void (await as(asker).post(`/requests/${id}/cancel`))
  votes.set(id, [decider])
  if (how === 2) return void (await as(decider).post(`/requests/${id}/reject`))
  await as(decider).post(`/requests/${id}/approve`)
  if (how === 3) return
  await scene.world.pass(6)
  await as(asker).post(`/requests/${id}/return`)
}

const mine = (request: Request, name: Name) => request.requester.userName === name
const decides = (request: Request, name: Name) =>
  !mine(request, name) && decidersOf(request.accountName, request.permissionSetName).includes(name)
const voted = (request: Request, name: Name) => votes.get(request.id)?.includes(name) ?? false
const live = ({ status }: Request) =>
  ['scheduled', 'activating', 'active', 'ending'].includes(status)
const over = ({ status, grantedAt }: Request) =>
  ['ended', 'revoked'].includes(status) ||
  (['cancelled', 'failed'].includes(status) && grantedAt !== null)

const views: Record<string, (request: Request, name: Name) => boolean> = {
  'view=mine': mine,
  'view=to-approve': (request, name) =>
    request.status === 'pending' && decides(request, name) && !voted(request, name),
  'view=decided': voted,
  'view=active': (request, name) => live(request) && mine(request, name),
  'view=active&scope=decide': (request, name) =>
    live(request) && (decides(request, name) || (voted(request, name) && !mine(request, name))),
  'view=ended': (request, name) => over(request) && mine(request, name),
  'view=ended&scope=decide': (request, name) =>
    over(request) && (decides(request, name) || (voted(request, name) && !mine(request, name))),
  'view=review': (request, name) =>
    request.breakGlass && request.review?.outcome === null && decides(request, name),
}

async function idsOf(person: Person, query: string, limit = 200): Promise<string[]> {
  const ids: string[] = []
  let cursor = ''
  do {
    const path = `/requests?${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`
    const { status, body } = await person.get<{ items: Request[]; nextCursor: string | null }>(path)
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
    expect(body.items.length).toBeLessThanOrEqual(limit)
    ids.push(...body.items.map(({ id }) => id))
    cursor = body.nextCursor ?? ''
  } while (cursor !== '')
  return ids
}

async function fileOf(person: Person, query: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await person.get<string>(`/requests/export?${query}&format=jsonl`)
  if (status !== 200) throw new Error(`${query}: ${status} ${JSON.stringify(body)}`)
  return body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

const wanted = (is: (request: Request) => boolean) =>
  everything
    .filter(is)
    .map(({ id }) => id)
    .toSorted()

test('there is something in every state that these tests are about', () => {
  for (const outcome of [null, 'justified']) {
    expect(everything.some(({ review }) => review?.outcome === outcome)).toBe(true)
  }
  const states = new Set(everything.map(({ status }) => status))
  for (const state of ['pending', 'cancelled', 'rejected', 'active', 'ended']) {
    expect(states).toContain(state)
  }
  expect(everything.length).toBe(sees.size)
})

describe('a list shows what its view means and nothing else', () => {
  for (const [query, is] of Object.entries(views)) {
    test(`${query}, to each of ${names.length} people`, async () => {
      for (const name of names) {
        const ids = await idsOf(as(name), query)
        expect({ name, ids: ids.toSorted() }).toEqual({
          name,
          ids: wanted((request) => is(request, name)),
        })
        for (const id of ids) expect(sees.get(id)).toContain(name)
      }
    })
  }

  test('the file of a list has the rows of the list, in its order, to each of them', async () => {
    for (const query of [...Object.keys(views), 'view=decided&sort=endsAt', 'view=ended&q=STORE']) {
      for (const name of names) {
        const rows = (await fileOf(as(name), query)).map(({ id }) => id)
        expect({ query, name, rows }).toEqual({ query, name, rows: await idsOf(as(name), query) })
      }
    }
  })

  test('and what it says of ended access is what the list says', async () => {
    const query = 'view=ended&scope=decide'
    const { body } = await as('sam.carter').get<{ items: Request[] }>(`/requests?${query}`)
    const rows = await fileOf(as('sam.carter'), query)
    expect(rows.length).toBeGreaterThan(1)
    for (const [at, row] of rows.entries()) {
      const { userId, userName, displayName, stoppedBy, failure, ...same } = row
      const { reviewOutcome, reviewComment, reviewedBy, ...alike } = same
      const shown = body.items[at]
      expect(shown).toMatchObject(alike)
      expect(shown?.requester).toMatchObject({ userId, userName, displayName })
      expect(shown?.stoppedBy?.userName ?? null).toBe(stoppedBy)
      expect(shown?.failure?.code ?? null).toBe(failure)
      const { outcome = null, comment = null, by = null } = shown?.review ?? {}
      expect([outcome, comment, by?.userName ?? null]).toEqual([
        reviewOutcome,
        reviewComment,
        reviewedBy,
      ])
    }
  })

  test('everything, to those who may see everything, and 403 to the others', async () => {
    for (const name of names) {
      for (const query of ['view=all', 'view=active&scope=all', 'view=ended&scope=all']) {
        const { status } = await as(name).get(`/requests?${query}`)
        expect(status).toBe(name === 'test-admin' || name === 'test-auditor' ? 200 : 403)
      }
    }
    expect((await idsOf(as('test-admin'), 'view=all')).toSorted()).toEqual(wanted(() => true))
  })
})

test('one request by its id is there for those who may see it, and 404 for all others', async () => {
  for (const { id, submissionId } of everything) {
    for (const name of names) {
      const may = sees.get(id)?.has(name) ?? false
      const { status } = await as(name).get(`/requests/${id}`)
      expect({ name, id, status }).toEqual({ name, id, status: may ? 200 : 404 })
      if (!may) expect((await as(name).get(`/submissions/${submissionId}`)).status).toBe(404)
    }
  }
})

test('the counts are those of the lists', async () => {
  for (const name of names) {
    const { body } = await as(name).get('/me/counts')
    const count = (is: (request: Request) => boolean) => wanted(is).length
    expect(body).toMatchObject({
      toApprove: count((one) => views['view=to-approve']?.(one, name) ?? false),
      toReview: count((one) => views['view=review']?.(one, name) ?? false),
      minePending: count((one) => mine(one, name) && one.status === 'pending'),
      mineActive: count(
        (one) => mine(one, name) && ['activating', 'active', 'ending'].includes(one.status),
      ),
    })
  }
})

describe('pages', () => {
  for (const sort of ['createdAt', 'startsAt', 'endsAt', 'expiresAt']) {
    test(`by ${sort} give each once, in one order, whatever their size`, async () => {
      const whole = await idsOf(as('test-auditor'), `view=all&sort=${sort}`)
      expect(new Set(whole).size).toBe(everything.length)
      for (const limit of [1, 3, 7]) {
        expect(await idsOf(as('test-auditor'), `view=all&sort=${sort}`, limit)).toEqual(whole)
      }
      const times = whole.map((id) => {
        const one = everything.find((request) => request.id === id) as Request
        const time = { ...one, startsAt: one.startsAt ?? one.requestedStartsAt }[
          sort as 'createdAt' | 'startsAt' | 'endsAt' | 'expiresAt'
        ]
        return time ?? ''
      })
      const soonestFirst = times.toSorted()
      if (sort === 'expiresAt') expect(times).toEqual(soonestFirst)
      else if (sort !== 'startsAt') expect(times).toEqual(soonestFirst.toReversed())
    })
  }
})

describe('a filter narrows and never widens', () => {
  const accountId = () => scene.account('payments-prod')
  const filters: [string, () => string, (request: Request) => boolean][] = [
    ['account', () => `accountId=${accountId()}`, (one) => one.accountId === accountId()],
    [
      'permission set',
      () => `permissionSetArn=${encodeURIComponent(scene.set('Billing'))}`,
      (one) => one.permissionSetName === 'Billing',
    ],
    ['status', () => 'status=pending,active', (one) => ['pending', 'active'].includes(one.status)],
    [
      'person',
      () => `userId=${scene.user('test-user')}`,
      (one) => one.requester.userName === 'test-user',
    ],
    ['ticket', () => 'ticket=ops-1', (one) => /^OPS-1/.test(one.ticket ?? '')],
    ['beginning of a name', () => 'q=STOREFRONT', (one) => /^storefront/.test(one.accountName)],
    ['beginning of a person', () => 'q=sam', (one) => one.requester.userName === 'sam.carter'],
    ['no break-glass', () => 'breakGlass=false', (one) => !one.breakGlass],
    ['break-glass', () => 'breakGlass=true', (one) => one.breakGlass],
    ['not late', () => 'late=false', () => true],
    [
      'time',
      () => `from=${scene.world.now().toISOString()}`,
      (one) => Date.parse(one.createdAt) >= scene.world.now().getTime(),
    ],
    ['the middle of a name', () => 'q=front', () => false],
    ['a star', () => 'q=*', () => false],
    ['nothing but a sign of LIKE', () => 'q=%25', () => false],
  ]
  for (const [what, query, is] of filters) {
    test(`by ${what}, for everybody and in every view`, async () => {
      expect((await idsOf(as('test-auditor'), `view=all&${query()}`)).toSorted()).toEqual(
        wanted(is),
      )
      for (const name of ['sam.carter', 'priya.raman'] as const) {
        for (const [view, inView] of Object.entries(views)) {
          const ids = await idsOf(as(name), `${view}&${query()}`)
          expect(ids.toSorted()).toEqual(wanted((one) => is(one) && inView(one, name)))
        }
      }
    })
  }
})

interface Told {
  readonly type: string
  readonly id: string
  readonly version: number
}

test('what somebody may not see is not told to their live stream either', async () => {
  const { url } = scene.world.team
  const port = new URL(url).port
  const listen = async (name: Name) => {
    const cookie = `team_session_${port}=${as(name).cookie(/^team_session_/)}`
    const ended = new AbortController()
    const response = await fetch(`${url}/api/v1/stream`, {
      headers: { cookie, 'last-event-id': '0' },
      signal: ended.signal,
    })
    return { response, ended }
  }
  const version = await changeSettings()
  const isLast = (one: Told) => one.type === 'setting' && one.version === version
  for (const name of names) {
    const { response, ended } = await listen(name)
    const told = await readUntil(isLast, response)
    ended.abort()
    const ids = told.filter(({ type }) => type === 'request').map(({ id }) => id)
    const may = [...sees].filter(([, seers]) => seers.has(name)).map(([id]) => id)
    expect({ name, ids: [...new Set(ids)].toSorted() }).toEqual({ name, ids: may.toSorted() })
  }
})

/** What the past of the feed holds for the one who listens, up to the last word. */
async function readUntil(isLast: (one: Told) => boolean, response: Response): Promise<Told[]> {
  const reader = response.body?.getReader()
  if (!reader) return []
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const chunk = await reader.read()
    text += decoder.decode(chunk.value, { stream: true })
    const told = [...text.matchAll(/^data: (.*)\n/gm)].map(([, json = '{}']) => JSON.parse(json))
    if (chunk.done || told.some(isLast)) return told
  }
}

/** Everybody is told of settings, so this ends what anybody hears. */
async function changeSettings(): Promise<number> {
  const admin = as('test-admin')
  const { headers } = await admin.get('/settings')
  const { status, body } = await admin.call<{ version: number }>(
    'PATCH',
    '/settings',
    { banner: 'That is all.' },
    { 'if-match': headers.get('etag') ?? '' },
  )
  expect(status).toBe(200)
  return body.version
}
