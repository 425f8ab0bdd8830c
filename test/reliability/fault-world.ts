/**
 * One grant's life with one thing going wrong in it: the simulation's world (production's engine,
 * operations and SQL, the sandbox's AWS, driven time), but nothing in it is drawn: alice asks for
 * twelve minutes, dora agrees a minute later, and the row of the table says what befalls them.
 */
import type { AccountId, PermissionSetArn, RequestId } from '#core/ids.ts'
import type { AssignmentKey, Settings, User } from '#sandbox/model/types.ts'
import type { Actor } from '#server/operations/actor.ts'
import { approveRequest } from '#server/operations/approve-request.ts'
import { cancelRequest } from '#server/operations/cancel-request.ts'
import { returnAccess } from '#server/operations/return-access.ts'
import { revokeAccess } from '#server/operations/revoke-access.ts'
import { submitRequest } from '#server/operations/submit-request.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { createApproverPolicy, createEligibilityPolicy } from '#test/save-policies.ts'
import { saved } from '#test/saved.ts'
import { keyText } from '#test/simulation/access-log.ts'
import { Chance } from '#test/simulation/chance.ts'
import type { Ports } from '#test/simulation/copy.ts'
import { everywhere } from '#test/simulation/set-up.ts'
import { SimulatedWorld } from '#test/simulation/world.ts'

/** Any seed serves: it draws the ids, and in which order things of one instant happen. */
const seed = 4
export const grantMinutes = 12

const steady: Partial<Settings> = {
  callsPerSecond: 1_000_000,
  conflictScope: 'target',
  statusDelayMs: 0,
  orphansStay: false,
  delayJitter: 0,
}

const verbs = {
  approve: approveRequest,
  cancel: cancelRequest,
  return: returnAccess,
  revoke: revokeAccess,
}
export type Verb = keyof typeof verbs

interface Appointment {
  readonly atMs: number
  readonly keep: () => void | Promise<void>
}

export class FaultWorld {
  readonly simulated: SimulatedWorld
  readonly cluster: TestClusterAddress
  readonly alice: User
  readonly dora: User
  readonly emil: User
  readonly key: AssignmentKey
  policyId = ''
  /** What people were answered, in order. */
  readonly answers: string[] = []
  /** When the fault befell; the table counts from here unless the step says otherwise. */
  befellMs: number | null = null
  #appointments: Appointment[] = []

  private constructor(simulated: SimulatedWorld, cluster: TestClusterAddress) {
    this.simulated = simulated
    this.cluster = cluster
    const { accounts, approvers, requesters, sets } = simulated.organisation
    const one = (users: readonly User[], name: string) => {
      const user = users.find(({ userName }) => userName === name)
      if (user === undefined) throw new Error(`The organisation has no ${name}`)
      return user
    }
    this.alice = one(requesters, 'alice')
    this.dora = one(approvers, 'dora')
    this.emil = one(approvers, 'emil')
    this.key = {
      accountId: accounts[0]?.accountId ?? '',
      permissionSetArn: sets[0]?.permissionSetArn ?? '',
      principalType: 'USER',
      principalId: this.alice.userId,
    }
  }

  static async open(cluster: TestClusterAddress, chance: Chance): Promise<FaultWorld> {
    const simulated = await SimulatedWorld.open(cluster, chance, seed)
    const world = new FaultWorld(simulated, cluster)
    world.setAws(steady)
    const copy = await simulated.startCopy()
    await simulated.touches.drive(copy.parts.ready)
    await world.#makePolicies()
    return world
  }

  static chance(): Chance {
    return new Chance(seed)
  }

  get aws() {
    return this.simulated.aws
  }

  get nowMs(): number {
    return this.simulated.nowMs
  }

  get keyText(): string {
    return keyText(this.key)
  }

  /** The first request: in some rows a person asks twice. */
  get requestId(): RequestId | null {
    const [id] = this.simulated.history.shown.keys()
    return id === undefined ? null : (id as RequestId)
  }

  get status(): string | null {
    const id = this.requestId
    return id === null ? null : (this.simulated.history.shown.get(id)?.at(-1)?.status ?? null)
  }

  /** No access was begun: what somebody assigns by hand is standing access. */
  get isNobodysYet(): boolean {
    return this.status === null || this.status === 'pending' || this.status === 'scheduled'
  }

  setAws(settings: Partial<Settings>): void {
    this.aws.commit({ type: 'settings', value: { ...this.aws.settings, ...settings } })
  }

  befalls(): void {
    this.befellMs ??= this.nowMs
  }

  // ---- people ----

  submit(change: { startsInMinutes?: number; durationMinutes?: number } = {}): Promise<string> {
    const { startsInMinutes = null, durationMinutes = grantMinutes } = change
    const startsAt =
      startsInMinutes === null
        ? null
        : new Date(this.simulated.teamNow().getTime() + startsInMinutes * 60_000)
    const target = {
      accountId: this.key.accountId as AccountId,
      permissionSetArn: this.key.permissionSetArn as PermissionSetArn,
    }
    return this.#act('request.submit', this.alice, (actor, ports) =>
      submitRequest(ports, {
        actor,
        submission: {
          targets: [target],
          startsAt,
          durationMinutes,
          justification: 'Because of the incident',
          ticket: null,
          breakGlass: false,
        },
      }),
    )
  }

  async decide(verb: Verb, ...people: readonly User[]): Promise<void> {
    const { requestId } = this
    if (requestId === null) throw new Error(`There is nothing to ${verb}`)
    await this.atOnce(
      people.map((person) => async () => {
        const atMs = this.nowMs
        const result = await this.#answer(`request.${verb}`, person, (actor, ports) =>
          verbs[verb](ports, { actor, requestId, comment: null }),
        )
        const vote = { atMs, verb, requestId, voterId: person.userId, result }
        if (verb === 'approve') this.simulated.history.votes.push(vote)
      }),
    )
  }

  async atOnce(works: readonly (() => Promise<unknown>)[]): Promise<void> {
    await this.simulated.settle(works.map((work) => work()))
    // As a nudge of the database does, what they wrote wakes the engine.
    await this.simulated.settle()
  }

  administer(action: string, work: (actor: Actor, ports: Ports) => Promise<unknown>) {
    return this.#act(action, this.simulated.organisation.admin, work)
  }

  async #act(
    action: string,
    person: User,
    work: (actor: Actor, ports: Ports) => Promise<unknown>,
  ): Promise<string> {
    await this.atOnce([() => this.#answer(action, person, work)])
    return this.answers.at(-1) ?? 'no answer'
  }

  async #answer(
    action: string,
    person: User,
    work: (actor: Actor, ports: Ports) => Promise<unknown>,
  ): Promise<string> {
    const copy = this.simulated.leader
    const answer =
      copy === null
        ? 'nobody answers'
        : await this.simulated
            .answered(copy, copy.act(action, person.userId, work))
            .catch((error: unknown) => {
              this.simulated.history.say(`${action} is answered by an error: ${error}`)
              return 'failed'
            })
    this.answers.push(answer ?? 'no answer')
    return answer ?? 'no answer'
  }

  // ---- time ----

  after(seconds: number, keep: Appointment['keep']): void {
    this.#appointments.push({ atMs: this.nowMs + seconds * 1_000, keep })
  }

  /** Time passes, appointments are kept, and what is queued to be mailed is mailed. */
  async pass(seconds: number): Promise<void> {
    const untilMs = this.nowMs + seconds * 1_000
    for (let strideMs = 5_000; this.nowMs < untilMs; strideMs *= 2) {
      const nextMs = Math.min(
        untilMs,
        this.nowMs + strideMs,
        ...this.#appointments.map(({ atMs }) => Math.max(atMs, this.nowMs)),
      )
      if (nextMs > this.nowMs) await this.simulated.passTime((nextMs - this.nowMs) / 1_000)
      await this.#keepAppointments()
      await this.mail()
    }
  }

  /** Until everything that was put off has been done. */
  async passAppointments(): Promise<void> {
    const lastMs = Math.max(this.nowMs, ...this.#appointments.map(({ atMs }) => atMs))
    await this.pass((lastMs - this.nowMs) / 1_000)
  }

  async #keepAppointments(): Promise<void> {
    const due = this.#appointments.filter(({ atMs }) => atMs <= this.nowMs)
    this.#appointments = this.#appointments.filter((one) => !due.includes(one))
    for (const { keep } of due) {
      await keep()
      await this.simulated.settle()
    }
  }

  async mail(): Promise<void> {
    const copy = this.simulated.leader
    const { rows } = await this.simulated.admin.query(
      "select 1 from notice where state = 'queued' limit 1",
    )
    if (copy === null || rows.length === 0) return
    await this.simulated.touches.drive(copy.drainJobs()).catch(() => undefined)
  }

  async #makePolicies(): Promise<void> {
    const { groups } = this.simulated.organisation
    const made = async (action: string, work: Parameters<FaultWorld['administer']>[1]) => {
      const answer = await this.administer(action, work)
      if (answer !== 'done') throw new Error(`${action}: ${answer}`)
    }
    await made('eligibility-policy.write', async (actor, ports) => {
      this.policyId = await saved(
        createEligibilityPolicy(ports, {
          actor,
          body: {
            subject: { type: 'group', id: groups.users },
            targets: everywhere,
            permissionSets: ['*'],
            maxDurationMinutes: 60,
            approvalRequired: true,
            ticketRequired: false,
            justificationRequired: true,
            breakGlass: false,
            note: '',
            enabled: true,
          },
        }),
      )
    })
    await made('approver-policy.write', (actor, ports) =>
      createApproverPolicy(ports, {
        actor,
        body: {
          targets: everywhere,
          approverGroups: [groups.approvers],
          approvalsRequired: 1,
          exclusive: false,
          note: '',
          enabled: true,
        },
      }),
    )
    this.answers.splice(0)
  }

  close(): Promise<void> {
    return this.simulated.close()
  }
}
