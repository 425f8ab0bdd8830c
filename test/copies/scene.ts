/** People who ask, approve and give back at whichever copy, and what became of it. */
import { expect } from 'vitest'
import type { Request } from '#contract/request.ts'
import { until } from '../kill/until.ts'
import type { Person } from '../person.ts'
import type { Assignment, Organization } from '../team-world.ts'
import { type Copy, House, type HouseOptions } from './house.ts'

/** What happens must not depend on chance. */
const settings = {
  createDelayMs: 200,
  deleteDelayMs: 200,
  delayJitter: 0,
  callsPerSecond: 1_000,
  sesPerSecond: 1_000,
  sesPerDay: 100_000,
}
const offered = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess', 'Billing']
/** A session may ask 600 times a minute. */
const statusEveryMs = 150

export interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

interface People {
  readonly admin: Person
  readonly user: Person
  readonly approver: Person
}

export class Scene {
  readonly house: House
  readonly #people: People
  readonly #targets: Target[]

  private constructor(house: House, people: People, targets: Target[]) {
    this.house = house
    this.#people = people
    this.#targets = targets
  }

  /** Two copies run, people are signed in, policies are made; nobody has asked for anything. */
  static async open(options: HouseOptions = {}): Promise<Scene> {
    const house = await House.open({ settings, ...options })
    await house.twoCopies()
    const [admin, user, approver] = [house.person(), house.person(), house.person()]
    await signIn({ admin, user, approver })
    const { groups, accounts, permissionSets } = await house.control<Organization>(
      'GET',
      'organization',
    )
    const group = (name: string) => groups.find((one) => one.displayName === name)!.groupId
    const everywhere = { accounts: [], organizationalUnits: [], root: true }
    const eligibility = await admin.post('/eligibility-policies', {
      subject: { type: 'group', id: group('TEAM users') },
      targets: everywhere,
      permissionSets: offered,
      maxDurationMinutes: 240,
    })
    expect(eligibility.status).toBe(201)
    const approval = await admin.post('/approver-policies', {
      targets: everywhere,
      approverGroups: [group('TEAM approvers')],
    })
    expect(approval.status).toBe(201)
    const sets = permissionSets.filter(({ name }) => offered.includes(name))
    const targets = accounts
      .filter(({ name }) => /-prod$/.test(name))
      .flatMap(({ accountId }) => sets.map(({ arn }) => ({ accountId, permissionSetArn: arn })))
    return new Scene(house, { admin, user, approver }, targets)
  }

  /** That nobody has asked for yet. */
  newTarget(): Target {
    return this.#targets.pop()!
  }

  /** Somebody else may ask for it. */
  giveBackTarget(target: Target): void {
    this.#targets.unshift(target)
  }

  close(): Promise<void> {
    return this.house.remove()
  }

  /** By the copy to which people are led. */
  signInAnew(): Promise<void> {
    return signIn(this.#people)
  }

  user(copy: Pick<Copy, 'url'>): Person {
    return this.#people.user.at(copy.url)
  }

  admin(copy: Copy): Person {
    return this.#people.admin.at(copy.url)
  }

  async ask(copy: Copy, target: Target): Promise<string> {
    const { status, body } = await this.user(copy).post<{ requests: Request[] }>('/requests', {
      targets: [target],
      durationMinutes: 60,
      justification: '「障害対応」のため本番ログを確認します',
    })
    expect(status).toBe(201)
    return body.requests[0]!.id
  }

  async approve(copy: Copy, id: string): Promise<void> {
    const { status } = await this.#people.approver.at(copy.url).post(`/requests/${id}/approve`)
    expect(status).toBe(200)
  }

  async askAndApprove(copy: Copy, target: Target): Promise<string> {
    const id = await this.ask(copy, target)
    await this.approve(copy, id)
    return id
  }

  async getAccess(copy: Copy, target: Target): Promise<string> {
    const id = await this.askAndApprove(copy, target)
    await this.untilStatus(copy, id, 'active')
    return id
  }

  async giveBack(copy: Copy, id: string): Promise<void> {
    const { status } = await this.user(copy).post(`/requests/${id}/return`)
    expect(status).toBe(200)
  }

  async untilStatus(copy: Copy, id: string, wanted: Request['status']): Promise<Request> {
    return until(
      `the request is ${wanted}`,
      async () => {
        const request = await this.user(copy).request(id)
        return request.status === wanted ? request : null
      },
      statusEveryMs,
    )
  }

  /** Whom AWS lets in where. */
  async assigned(): Promise<string[]> {
    const assignments = await this.house.control<Assignment[]>('GET', 'assignments')
    return assignments.map(({ userName, ...target }) => `${userName} ${nameOf(target)}`).toSorted()
  }

  async untilAssigned(what: string, targets: readonly Target[]): Promise<void> {
    const wanted = targets.map((target) => `test-user ${nameOf(target)}`).toSorted()
    await until(what, async () => {
      const found = await this.assigned()
      return found.length === wanted.length && found.every((one, at) => one === wanted[at])
    })
  }

  /** Every call that was meant for the request's key, in order, with what is known of it. */
  async intents(id: string): Promise<string[]> {
    const rows = await this.house.query<{ kind: string; state: string }>(
      `select i.kind, i.state from intent i join access_grant g using (key_id)
         where g.request_id = $1 order by intent_id`,
      [id],
    )
    return rows.map(({ kind, state }) => `${kind} ${state}`)
  }

  async untilIntents(id: string, wanted: readonly string[]): Promise<void> {
    let found: string[] = []
    await until(`the calls are ${wanted.join(', ')}`, async () => {
      found = await this.intents(id)
      return found.join() === wanted.join()
    }).catch((error: Error) => {
      throw new Error(`${error.message}; they are ${found.join(', ')}`)
    })
  }

  /** Nothing is open, the trail is whole, and each thing was told once to each. */
  async expectAllWell(copy: Copy): Promise<void> {
    await until('nothing is open', async () => {
      const open = await this.house.query(
        `select from intent where state in ('written', 'accepted')
         union all select from access_grant where over_at is null`,
      )
      return open.length === 0
    })
    const twice = await this.house.query(
      `select request_id, event, receiver_id from notice where request_id is not null
       group by request_id, event, receiver_id, channel having count(*) > 1`,
    )
    expect(twice).toEqual([])
    expect(await this.assigned()).toEqual([])
    const { body } = await this.admin(copy).get('/audit/verify')
    expect(body).toMatchObject({ ok: true })
  }
}

const nameOf = ({ accountId, permissionSetArn }: Target) => `${accountId} ${permissionSetArn}`

async function signIn({ admin, user, approver }: People): Promise<void> {
  await admin.signIn('test-admin')
  await user.signIn('test-user')
  await approver.signIn('sam.carter')
}
