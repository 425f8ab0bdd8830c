/** What people, administrators, AWS and misfortune do in a seed: drawn, told in a line, done. */
import type { AccountId, PermissionSetArn, RequestId, Target } from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import { addFault } from '#sandbox/control/behaviour.ts'
import type { Actor } from '#server/operations/actor.ts'
import { approveRequest } from '#server/operations/approve-request.ts'
import { cancelRequest } from '#server/operations/cancel-request.ts'
import { rejectRequest } from '#server/operations/reject-request.ts'
import { returnAccess } from '#server/operations/return-access.ts'
import { revokeAccess } from '#server/operations/revoke-access.ts'
import { submitRequest } from '#server/operations/submit-request.ts'
import type { Ports } from './copy.ts'
import type { Trouble } from './history.ts'
import type { SimulatedWorld } from './world.ts'

const durations = [1, 1, 2, 3, 5, 10, 20]
const verbs = {
  approve: { act: approveRequest, fits: ['pending'] },
  reject: { act: rejectRequest, fits: ['pending'] },
  cancel: { act: cancelRequest, fits: ['pending', 'scheduled', 'activating'] },
  return: { act: returnAccess, fits: ['active'] },
  revoke: { act: revokeAccess, fits: ['scheduled', 'activating', 'active'] },
} as const satisfies Record<string, { act: unknown; fits: readonly RequestState[] }>
type Verb = keyof typeof verbs

export class Actions {
  readonly #world: SimulatedWorld
  #faults: Trouble | null = null

  constructor(world: SimulatedWorld) {
    this.#world = world
  }

  // ---- people ----

  submit(): Promise<unknown> {
    const { chance, organisation } = this.#world
    const person = chance.one(organisation.requesters)
    const targets: Target[] = []
    for (let count = chance.once(5) ? 2 : 1; count > 0; count -= 1) targets.push(this.#target())
    const distinct = [...new Map(targets.map((one) => [JSON.stringify(one), one])).values()]
    const startsInMinutes = chance.once(3) ? chance.between(1, 20) : null
    const durationMinutes = chance.one(durations)
    const when = startsInMinutes === null ? 'now' : `in ${startsInMinutes} min`
    const what = `${person.userName} asks for ${distinct.map((one) => this.#nameOf(one)).join(', ')} for ${durationMinutes} min, ${when}`
    return this.#act('request.submit', person.userId, what, (actor, ports) =>
      submitRequest(ports, {
        actor,
        submission: {
          targets: distinct,
          startsAt:
            startsInMinutes === null
              ? null
              : new Date(this.#world.teamNow().getTime() + startsInMinutes * 60_000),
          durationMinutes,
          justification: 'Because of the incident',
          ticket: null,
          breakGlass: false,
        },
      }),
    )
  }

  decideAndStop(verb: Verb): Promise<unknown> {
    const { chance, history, organisation } = this.#world
    const ids = [...history.shown].flatMap(([id, seen]) => {
      const status = seen.at(-1)?.status ?? ''
      const fits: readonly string[] = verbs[verb].fits
      return fits.includes(status) ? [id] : []
    })
    if (ids.length === 0) return Promise.resolve()
    const requestId = chance.one(ids) as RequestId
    const requesterId = history.requesters.get(requestId)
    const own = verb === 'cancel' || verb === 'return'
    const requester = organisation.requesters.find((one) => one.userId === requesterId)
    const person =
      own && requester && !chance.once(8)
        ? requester
        : chance.one(own ? organisation.requesters : organisation.approvers)
    return this.vote(verb, person.userId, requestId)
  }

  async vote(verb: Verb, userId: string, requestId: RequestId): Promise<string> {
    const { history } = this.#world
    const name = this.#personNamed(userId)
    const what = `${name} wants to ${verb} ${requestId.slice(0, 8)}`
    const atMs = this.#world.nowMs
    const result = await this.#act(`request.${verb}`, userId, what, (actor, ports) =>
      verbs[verb].act(ports, { actor, requestId, comment: null }),
    )
    if (verb === 'approve' || verb === 'reject') {
      history.votes.push({ atMs, verb, requestId, voterId: userId, result })
    }
    return result
  }

  #target(): Target {
    const { chance, organisation } = this.#world
    return {
      accountId: chance.one(organisation.accounts.slice(0, 2)).accountId as AccountId,
      permissionSetArn: chance.one(organisation.sets.slice(0, 2))
        .permissionSetArn as PermissionSetArn,
    }
  }

  #nameOf({ accountId, permissionSetArn }: Target): string {
    const { accounts, sets } = this.#world.organisation
    const account = accounts.find((one) => one.accountId === accountId)?.name
    return `${account}/${sets.find((one) => one.permissionSetArn === permissionSetArn)?.name}`
  }

  #personNamed(userId: string): string {
    const { requesters, approvers, admin } = this.#world.organisation
    return (
      [...requesters, ...approvers, admin].find((one) => one.userId === userId)?.userName ?? userId
    )
  }

  /** Through a copy that is alive, as one of its HTTP requests; nothing if none is. */
  async #act(
    action: string,
    userId: string,
    what: string,
    work: (actor: Actor, ports: Ports) => Promise<unknown>,
  ): Promise<string> {
    const { history } = this.#world
    const copy = this.#world.leader
    if (copy === null) return 'nobody answers'
    const answer = await this.#world
      .answered(copy, copy.act(action, userId, work))
      .catch((error: unknown) => this.#failed(what, error))
    const result = String(answer ?? 'no answer')
    history.say(`${what}: ${result}`)
    return result
  }

  #failed(what: string, error: unknown): string {
    const text = error instanceof Error ? `${error.name} ${error.message}` : String(error)
    const line = JSON.stringify({ level: 'error', what, text })
    this.#world.errors.push({ atMs: this.#world.nowMs, line })
    return `failed: ${text}`
  }

  // ---- AWS ----

  fault(): void {
    const { aws, chance, history, wire } = this.#world
    const mutation = chance.one(['CreateAccountAssignment', 'DeleteAccountAssignment'])
    const kind = chance.weighted({ refuse: 4, drop: 4, late: 3, failed: 2, reads: 3 })
    if (kind === 'late') {
      const delayMs = chance.one([4_000, 30_000, 150_000, 600_000, 880_000])
      wire.delays.push(delayMs)
      history.say(
        `the next call that changes something is taken off the wire for ${delayMs / 1000} s`,
      )
      return
    }
    this.#faults ??= this.#world.history.begin({ what: 'faults', afterMs: 120_000 })
    const times = chance.one([1, 2, 4, 12])
    const fault =
      kind === 'refuse'
        ? { operation: mutation, error: chance.one(refusals), times }
        : kind === 'drop'
          ? { operation: mutation, dropConnection: chance.one(['before', 'after']), times: 1 }
          : kind === 'failed'
            ? { operation: mutation, failureReason: chance.one(failures), times: 1 }
            : { operation: chance.one(reads), ...this.#readFault(), times }
    addFault(aws, fault)
    history.say(`fault: ${JSON.stringify(fault)}`)
  }

  #readFault(): object {
    const { chance } = this.#world
    return chance.once(4)
      ? { dropConnection: 'after' }
      : { error: chance.one(['ThrottlingException', 'InternalServerException']) }
  }

  clearFaults(): void {
    const { aws, history, wire } = this.#world
    for (const { id } of [...aws.state.faults.values()]) aws.commit({ type: 'fault-removed', id })
    wire.delays.splice(0)
    if (this.#faults === null) return
    history.say('no more faults')
    history.end(this.#faults)
    this.#faults = null
  }

  changeAws(): void {
    const { aws, chance, history } = this.#world
    const createDelayMs = chance.one([0, 1_000, 2_500, 9_000, 30_000])
    const deleteDelayMs = chance.one([0, 1_000, 2_500, 9_000, 30_000])
    const value = { ...aws.settings, createDelayMs, deleteDelayMs, delayJitter: 0.3 }
    aws.commit({ type: 'settings', value })
    history.say(
      `AWS takes ${createDelayMs / 1000} s to create, ${deleteDelayMs / 1000} s to delete`,
    )
  }
}

const refusals = [
  'ThrottlingException',
  'ConflictException',
  'ServiceQuotaExceededException',
  'InternalServerException',
]
const failures = [
  'Received a 404 status error: Not supported ARN partition.',
  'AWS SSO is unable to complete your request',
]
const reads = [
  'ListAccountAssignments',
  'DescribeAccountAssignmentCreationStatus',
  'DescribeAccountAssignmentDeletionStatus',
  'ListAccountAssignmentCreationStatus',
  'ListAccountAssignmentDeletionStatus',
  'DescribePermissionSet',
  'DescribeUser',
]
