/** What people look at: every form and every list, with the filters that pages offer. */
import type { EligibleAccount } from '#contract/me.ts'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { Company } from './company.ts'
import type { Endpoint } from './load.ts'
import { quickCall } from './quick-call.ts'

interface Items<Item> {
  readonly items: readonly Item[]
  readonly nextCursor?: string | null
}

const reading =
  (path: string | ((turn: number) => string)): Endpoint['ask'] =>
  (person, turn) =>
    quickCall(person, 'GET', typeof path === 'string' ? path : path(turn), { place: turn })

const oneOf = <Item>(items: readonly Item[], turn: number): Item => {
  const item = items[turn % items.length]
  if (item === undefined) throw new Error('Nothing to choose from')
  return item
}

export async function forms({ people }: Company): Promise<Endpoint[]> {
  const who = people.requesters
  const targetsOf = new Map<Person, readonly Target[]>()
  for (const person of who) targetsOf.set(person, await eligibleTargets(person))
  const anyAccount = [...targetsOf.values()].flat()[0]?.accountId ?? ''
  const able = who.filter((person) => (targetsOf.get(person)?.length ?? 0) > 0)
  const preview =
    (count: number): Endpoint['ask'] =>
    (person, turn) => {
      const own = targetsOf.get(person) ?? []
      const from = turn % own.length
      const targets = [...own.slice(from), ...own.slice(0, from)].slice(0, count)
      const body = { targets, durationMinutes: 60, justification: 'To see what would be' }
      return quickCall(person, 'POST', '/requests/preview', { place: turn, body })
    }
  return [
    { name: 'eligible-accounts', who, ask: reading('/eligible-accounts') },
    {
      name: 'eligible-accounts, typing',
      who,
      ask: reading((turn) => `/eligible-accounts?q=workload-0${turn % 10}`),
    },
    {
      name: 'permission sets of an account',
      who: able,
      ask: (person, turn) => {
        const { accountId } = oneOf(targetsOf.get(person) ?? [], turn)
        const path = `/eligible-accounts/${accountId}/permission-sets`
        return quickCall(person, 'GET', path, { place: turn })
      },
    },
    {
      name: 'permission sets of an account, all',
      who: [people.admin],
      ask: reading(`/eligible-accounts/${anyAccount}/permission-sets`),
    },
    { name: 'preview of one', who: able, ask: preview(1) },
    { name: 'preview of twenty', who: able, ask: preview(20) },
    { name: 'me', who, ask: reading('/me') },
    { name: 'counts', who, ask: reading('/me/counts') },
  ]
}

export interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

const accountsOfEach = 20

export async function eligibleTargets(person: Person): Promise<Target[]> {
  const accounts = await person.get<Items<EligibleAccount>>(
    `/eligible-accounts?limit=${accountsOfEach}`,
  )
  const targets: Target[] = []
  for (const { accountId } of accounts.body.items) {
    const sets = await person.get<Items<{ permissionSetArn: string }>>(
      `/eligible-accounts/${accountId}/permission-sets`,
    )
    const [first] = sets.body.items
    if (first) targets.push({ accountId, permissionSetArn: first.permissionSetArn })
  }
  return targets
}

export async function lists({ people }: Company): Promise<Endpoint[]> {
  const { auditors, approvers, requesters } = people
  const [auditor] = auditors
  if (auditor === undefined) throw new Error('Nobody reads')
  const seen = await auditor.get<Items<Request>>('/requests?view=all&limit=200')
  const known = seen.body.items
  const list = (name: string, who: readonly Person[], query: (turn: number) => string) => ({
    name,
    who,
    ask: reading((turn) => `/requests?${query(turn)}`),
  })
  const readers = auditors
  const one = (turn: number) => oneOf(known, turn)
  return [
    list('mine', requesters, () => 'view=mine'),
    list('mine, by state', requesters, () => 'view=mine&status=ended,revoked'),
    list('to approve', approvers, () => 'view=to-approve&sort=expiresAt'),
    list('decided', approvers, () => 'view=decided'),
    list('to review', approvers, () => 'view=review'),
    list('active, all', readers, () => 'view=active&scope=all&sort=endsAt'),
    list('ended, mine', requesters, () => 'view=ended'),
    list('ended, all', readers, () => 'view=ended&scope=all'),
    list('ended, all, by end', readers, () => 'view=ended&scope=all&sort=endsAt'),
    list('all', readers, () => 'view=all'),
    list('all, of an account', readers, (turn) => `view=all&accountId=${one(turn).accountId}`),
    list(
      'all, of a set',
      readers,
      (turn) => `view=all&permissionSetArn=${encodeURIComponent(one(turn).permissionSetArn)}`,
    ),
    list('all, of a person', readers, (turn) => `view=all&userId=${one(turn).requester.userId}`),
    list('all, by state', readers, () => 'view=all&status=failed'),
    list('all, break-glass', readers, () => 'view=all&breakGlass=true'),
    list('all, by ticket', readers, (turn) => `view=all&ticket=OPS-${turn % 100_000}`),
    list('all, by a name', readers, (turn) => `view=all&q=person-0${turn % 2_000}`),
    list('all, late', readers, () => 'view=all&late=true'),
    list('all, of last month', readers, () => `view=all&from=${daysAgo(60)}&to=${daysAgo(30)}`),
    {
      name: 'all, second page',
      who: readers,
      ask: async (person, turn) =>
        quickCall(person, 'GET', `/requests?view=all&cursor=${await secondPage(person)}`, {
          place: turn,
        }),
    },
    { name: 'a request', who: readers, ask: reading((turn) => `/requests/${one(turn).id}`) },
    {
      name: 'events of a request',
      who: readers,
      ask: reading((turn) => `/requests/${one(turn).id}/events`),
    },
    {
      name: 'approvers of a request',
      who: readers,
      ask: reading((turn) => `/requests/${one(turn).id}/approvers`),
    },
    { name: 'events', who: readers, ask: reading('/audit/events') },
    { name: 'eligibility policies', who: readers, ask: reading('/eligibility-policies') },
    { name: 'approver policies', who: readers, ask: reading('/approver-policies') },
    {
      name: 'directory: people',
      who: readers,
      ask: reading((turn) => `/directory/users?q=person-0${turn % 200}`),
    },
    { name: 'directory: groups', who: readers, ask: reading('/directory/groups?q=Team') },
    { name: 'directory: accounts', who: readers, ask: reading('/directory/accounts?q=work') },
    { name: 'directory: sets', who: readers, ask: reading('/directory/permission-sets') },
  ]
}

const cursors = new WeakMap<Person, string>()

async function secondPage(person: Person): Promise<string> {
  const kept = cursors.get(person)
  if (kept !== undefined) return kept
  const { body } = await person.get<Items<Request>>('/requests?view=all')
  const cursor = encodeURIComponent(body.nextCursor ?? '')
  cursors.set(person, cursor)
  return cursor
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString()
}
