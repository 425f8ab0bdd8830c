/** People who ask, decide, give back, revoke and cancel, each at whichever copy is there. */
import type { Request } from '#contract/request.ts'
import type { Copy, House } from '#test/copies/house.ts'
import type { Person } from '#test/person.ts'
import type { Organization } from '#test/team-world.ts'
import { type Chance, oneOf } from './soak-chance.ts'

export interface Load {
  /** One person does one thing. Never rejects: what was answered is counted. */
  act(copies: readonly Copy[]): Promise<void>
  /** Requests that TEAM said it accepted. */
  readonly accepted: ReadonlySet<string>
  answers(): Record<string, number>
  readonly auditor: Person
  /** Withdraws what nobody has decided on. */
  cancelPending(copy: Copy): Promise<void>
}

interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

const requesterNames = ['test-user', 'priya.raman', 'build.operator']
const approverNames = ['sam.carter', 'naoko.mori']
const offered = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess', 'Billing']
const minutesMax = 3

export async function openLoad(house: House, chance: Chance): Promise<Load> {
  const signIn = async (name: string) => {
    const person = house.person()
    await person.signIn(name)
    return person
  }
  const requesters = await Promise.all(requesterNames.map(signIn))
  const approvers = await Promise.all(approverNames.map(signIn))
  const auditor = await signIn('test-auditor')
  const targets = await makePolicies(house, await signIn('test-admin'))
  const counts: Record<string, number> = {}
  const accepted = new Set<string>()

  async function post(what: string, person: Person, path: string, body: object = {}) {
    const answer = await person
      .post<{ requests?: Request[]; code?: string }>(path, body)
      .catch(() => null)
    const outcome =
      answer === null
        ? 'no answer'
        : answer.status < 300
          ? 'done'
          : (answer.body.code ?? String(answer.status))
    counts[`${what}: ${outcome}`] = (counts[`${what}: ${outcome}`] ?? 0) + 1
    if (answer?.status === 201) for (const { id } of answer.body.requests ?? []) accepted.add(id)
  }

  async function idsIn(statuses: readonly string[]): Promise<string[]> {
    const rows = await house.query<{ request_id: string }>(
      'select request_id from request where status = any($1) order by created_at',
      [statuses],
    )
    return rows.map((row) => row.request_id)
  }

  async function actOn(copy: Copy): Promise<void> {
    const requester = oneOf(chance, requesters).at(copy.url)
    const approver = oneOf(chance, approvers).at(copy.url)
    const dice = chance(100)
    if (dice < 45) {
      const count = 1 + chance(2)
      return post('ask', requester, '/requests', {
        targets: Array.from({ length: count }, () => oneOf(chance, targets)),
        durationMinutes: 1 + chance(minutesMax),
        justification: 'Soaking',
      })
    }
    if (dice < 85) {
      const [id] = await idsIn(['pending'])
      if (id === undefined) return
      return post(
        dice < 80 ? 'approve' : 'reject',
        approver,
        pathOf(id, dice < 80 ? 'approve' : 'reject'),
      )
    }
    const verb = dice < 90 ? 'revoke' : dice < 96 ? 'return' : 'cancel'
    const ids = await idsIn(
      verb === 'cancel' ? ['pending', 'activating'] : ['active', 'activating'],
    )
    if (ids.length === 0) return
    const id = oneOf(chance, ids)
    // Who asked for it is found by asking as each: to the others it does not exist.
    const people = verb === 'revoke' ? [approver] : requesters.map((one) => one.at(copy.url))
    for (const person of people) await post(verb, person, pathOf(id, verb))
  }

  return {
    accepted,
    auditor,
    answers: () => Object.fromEntries(Object.entries(counts).toSorted()),
    async act(copies) {
      if (copies.length === 0) return
      await actOn(oneOf(chance, copies)).catch((error: Error) => {
        counts[`failed: ${error.message}`] = (counts[`failed: ${error.message}`] ?? 0) + 1
      })
    },
    async cancelPending(copy) {
      for (const id of await idsIn(['pending'])) {
        for (const person of requesters)
          await post('cancel', person.at(copy.url), pathOf(id, 'cancel'))
      }
    },
  }
}

const pathOf = (id: string, verb: string) => `/requests/${id}/${verb}`

async function makePolicies(house: House, admin: Person): Promise<Target[]> {
  const { groups, accounts, permissionSets } = await house.control<Organization>(
    'GET',
    'organization',
  )
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  const made = [
    await admin.post('/eligibility-policies', {
      subject: { type: 'group', id: group('TEAM users') },
      targets: everywhere,
      permissionSets: offered.slice(0, 2),
      maxDurationMinutes: 60,
      approvalRequired: false,
    }),
    await admin.post('/eligibility-policies', {
      subject: { type: 'group', id: group('TEAM users') },
      targets: everywhere,
      permissionSets: offered.slice(2),
      maxDurationMinutes: 60,
    }),
    await admin.post('/approver-policies', {
      targets: everywhere,
      approverGroups: [group('TEAM approvers')],
    }),
  ]
  const refused = made.find(({ status }) => status !== 201)
  if (refused) throw new Error(`Refused: ${JSON.stringify(refused.body)}`)
  const sets = permissionSets.filter(({ name }) => offered.includes(name))
  return accounts
    .filter(({ name }) => /-(prod|dev)$/.test(name) && name !== 'legacy-dev')
    .flatMap(({ accountId }) => sets.map(({ arn }) => ({ accountId, permissionSetArn: arn })))
}
