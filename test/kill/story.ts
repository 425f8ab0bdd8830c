/** One person's request from the asking to the end, on an installation that dies under it. */
import { expect } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { Assignment, Organization } from '#test/team-world.ts'
import type { Call, Installation, Mail } from './installation.ts'
import { until } from './until.ts'

interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

interface Notice {
  readonly event: string
  readonly receiver: string
  readonly state: string
  /** How often it was tried to send it, as far as TEAM knows. */
  readonly attempts: number
}

/** A session may ask 600 times a minute. */
const statusEveryMs = 150
/** Delays that nobody lives to see the end of. */
const foreverMs = 100_000_000
const address = (userName: string) => `${userName}@example.com`
const receivers = ['test-user', 'sam.carter', 'naoko.mori'].map(address)
const events = ['requested', 'approved', 'active', 'ended']

export class Story {
  readonly installation: Installation
  readonly user: Person
  readonly approver: Person
  readonly target: Target
  requestId = ''
  /** Of both policies: no part of the story. */
  #rulesMails: ReadonlySet<string> = new Set()
  #unanswered: Promise<number | null> = Promise.resolve(null)

  private constructor(
    installation: Installation,
    people: { user: Person; approver: Person },
    target: Target,
  ) {
    this.installation = installation
    this.user = people.user
    this.approver = people.approver
    this.target = target
  }

  /** Both policies are made; nobody has asked for anything. */
  static async begin(installation: Installation): Promise<Story> {
    const [admin, user, approver] = [1, 2, 3].map(() => installation.person())
    await admin!.signIn('test-admin')
    await user!.signIn('test-user')
    await approver!.signIn('sam.carter')
    const { groups, organizationalUnits, accounts, permissionSets } =
      await installation.control<Organization>('GET', 'organization')
    const group = (name: string) => groups.find((one) => one.displayName === name)!.groupId
    const target = {
      accountId: accounts.find((one) => one.name === 'payments-prod')!.accountId,
      permissionSetArn: permissionSets.find((one) => one.name === 'ReadOnlyAccess')!.arn,
    }
    const workloads = organizationalUnits.find((one) => one.name === 'Workloads')!.id
    const eligibility = await admin!.post('/eligibility-policies', {
      subject: { type: 'group', id: group('TEAM users') },
      targets: {
        accounts: [],
        organizationalUnits: [{ id: workloads, scope: 'subtree' }],
        root: false,
      },
      permissionSets: [target.permissionSetArn],
      maxDurationMinutes: 240,
    })
    expect(eligibility.status).toBe(201)
    const approval = await admin!.post('/approver-policies', {
      targets: { accounts: [], organizationalUnits: [], root: true },
      approverGroups: [group('TEAM approvers')],
    })
    expect(approval.status).toBe(201)
    const story = new Story(installation, { user: user!, approver: approver! }, target)
    await story.untilAllIsTold()
    story.#rulesMails = new Set(await story.#allMails())
    return story
  }

  /** Of the requests as of the policies, which who watches is told of. */
  async untilAllIsTold(): Promise<void> {
    await until('everybody is told', async () => {
      const notices = await this.installation.query<{ state: string }>('select state from notice')
      return notices.length > 0 && notices.every(({ state }) => state !== 'queued')
    })
  }

  async ask(): Promise<void> {
    const { status, body } = await this.user.post<{ requests: Request[] }>('/requests', {
      targets: [this.target],
      durationMinutes: 60,
      justification: '「障害対応」のため本番ログを確認します',
    })
    expect(status).toBe(201)
    this.requestId = body.requests[0]!.id
  }

  async askAndTell(): Promise<void> {
    await this.ask()
    await this.untilTold()
  }

  async approve(): Promise<void> {
    const { status } = await this.approver.post(`/requests/${this.requestId}/approve`)
    expect(status).toBe(200)
  }

  /** The answer never comes: see `kill`. */
  approveUnanswered(): void {
    this.#unanswered = this.approver.post(`/requests/${this.requestId}/approve`).then(
      ({ status }) => status,
      () => null,
    )
  }

  async giveBack(): Promise<void> {
    const { status } = await this.user.post(`/requests/${this.requestId}/return`)
    expect(status).toBe(200)
  }

  async askAndGet(): Promise<void> {
    await this.askAndTell()
    await this.approve()
    await this.untilStatus('active')
    await this.untilTold()
  }

  /** A call of AWS hangs, once, before or after its effect; answers how to wait until it does. */
  async hang(
    operation: string,
    delayWhen: 'before' | 'after' = 'after',
  ): Promise<() => Promise<void>> {
    const fault = { operation, delayMs: foreverMs, delayWhen, times: 1 }
    const { id } = await this.installation.control<{ id: string }>('POST', 'faults', fault)
    return async () => {
      await until(`${operation} hangs`, async () => {
        const faults = await this.installation.control<{ id: string; hits: number }[]>(
          'GET',
          'faults',
        )
        return faults.some((one) => one.id === id && one.hits === 1)
      })
    }
  }

  async kill(): Promise<void> {
    await this.installation.kill()
    expect(await this.#unanswered).toBeNull()
  }

  status(): Promise<Request['status']> {
    return this.user.request(this.requestId).then(({ status }) => status)
  }

  async untilStatus(wanted: Request['status']): Promise<void> {
    const isSo = async () => (await this.status()) === wanted
    await until(`the request is ${wanted}`, isSo, statusEveryMs)
  }

  /** Until no mail waits to be sent, but for so many that can't. */
  async untilTold({ butFor = 0 } = {}): Promise<void> {
    await until('the mails are sent', async () => {
      const notices = await this.notices()
      return notices.filter(({ state }) => state === 'queued').length <= butFor
    })
  }

  async notices(): Promise<Notice[]> {
    return this.installation.query<Notice & Record<string, unknown>>(
      `select event, address as receiver, state, attempts from notice where request_id = $1`,
      [this.requestId],
    )
  }

  /** Those about the request. */
  async mails(): Promise<string[]> {
    const mails = await this.#allMails()
    return mails.filter((mail) => !this.#rulesMails.has(mail))
  }

  async #allMails(): Promise<string[]> {
    const mails = await this.installation.control<Mail[]>('GET', 'mail')
    return mails.flatMap(({ to, subject }) => to.map((receiver) => `${receiver}: ${subject}`))
  }

  assignments(): Promise<Assignment[]> {
    return this.installation.control('GET', 'assignments')
  }

  /** How often AWS accepted it. */
  async accepted(operation: string): Promise<number> {
    const calls = await this.installation.control<Call[]>('GET', 'calls')
    return calls.filter((call) => call.operation === operation && call.status === 200).length
  }

  /** Every call that was meant, in order, with what is known of it. */
  async intents(): Promise<string[]> {
    const rows = await this.installation.query<{ kind: string; state: string }>(
      'select kind, state from intent order by intent_id',
    )
    return rows.map(({ kind, state }) => `${kind} ${state}`)
  }

  /** From wherever it was found: approved if it was not yet, active, given back, over. */
  async goOn(): Promise<void> {
    if ((await this.status()) === 'pending') {
      await this.untilTold()
      await this.approve()
    }
    const isActiveOrOver = async () => {
      const status = await this.status()
      return status === 'active' || status === 'ended' ? status : null
    }
    const found = await until('the request is active or over', isActiveOrOver, statusEveryMs)
    if (found === 'active') {
      expect(await this.assignments()).toMatchObject([{ userName: 'test-user', ...this.target }])
      await this.untilTold()
      await this.giveBack()
      await this.untilStatus('ended')
    }
    await this.untilTold()
  }

  /** What holds at the end of every story, wherever it was killed. */
  async expectRightEnd(): Promise<void> {
    expect(await this.assignments()).toEqual([])
    const { excessSeconds, failure } = await this.user.request(this.requestId)
    expect(failure).toBeNull()
    expect(excessSeconds).toBeLessThan(60)
    await this.#expectMails()
    await this.#expectNothingOpen()
    const auditor = this.installation.person()
    await auditor.signIn('test-auditor')
    const { body } = await auditor.get<{ ok: boolean; events: number }>('/audit/verify')
    expect(body).toMatchObject({ ok: true })
    expect(body.events).toBeGreaterThan(8)
  }

  async #expectMails(): Promise<void> {
    const notices = await this.notices()
    const all = events.flatMap((event) => receivers.map((receiver) => `${event} ${receiver} sent`))
    const named = notices.map(({ event, receiver, state }) => `${event} ${receiver} ${state}`)
    expect(named.toSorted()).toEqual(all.toSorted())
    const mails = await this.mails()
    const different = new Set(mails)
    expect(different.size).toBe(all.length)
    // Once, or as often as an attempt was cut off.
    for (const receiver of receivers) {
      const tried = notices.filter((notice) => notice.receiver === receiver)
      const attempts = tried.reduce((sum, notice) => sum + notice.attempts, 0)
      const received = mails.filter((mail) => mail.startsWith(`${receiver}: `))
      expect(received.length).toBeLessThanOrEqual(attempts)
    }
  }

  async #expectNothingOpen(): Promise<void> {
    const [open] = await this.installation.query<{ intents: number; keys: number; grants: number }>(
      `select
         (select count(*)::int from intent where state in ('written', 'accepted')) as intents,
         (select count(*)::int from ledger_key where held and watched_until is null
            or presence <> 'absent') as keys,
         (select count(*)::int from access_grant where over_at is null) as grants`,
    )
    expect(open).toEqual({ intents: 0, keys: 0, grants: 0 })
  }
}
