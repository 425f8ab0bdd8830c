/** What can go wrong, each as something that a row of the table says of its life. */

import { addFault } from '#sandbox/control/behaviour.ts'
import { estateRoutes } from '#sandbox/control/estate.ts'
import type { Assignment, Fault } from '#sandbox/model/types.ts'
import { runAsAdmin } from '#test/postgres-cluster.ts'
import { deleteEligibilityPolicy } from '#test/save-policies.ts'
import { confirmingEnds } from '#test/saved.ts'
import type { Touch } from '#test/simulation/touches.ts'
import type { FaultWorld } from './fault-world.ts'

export type Befall = (world: FaultWorld) => void | Promise<void>

type AwsFault = Partial<Omit<Fault, 'id' | 'hits'>> & Pick<Fault, 'operation'>

// ---- AWS ----

/** AWS answers so from now on: so many times, or for so long. */
export const aws =
  (fault: AwsFault, forSeconds?: number): Befall =>
  (world) => {
    world.befalls()
    const { id } = addFault(world.aws, forSeconds === undefined ? { times: 1, ...fault } : fault)
    if (forSeconds === undefined) return
    world.after(forSeconds, () => world.aws.commit({ type: 'fault-removed', id }))
  }

/** The next mutation is given up on, and lands so much later. */
export const lands =
  (afterSeconds: number): Befall =>
  (world) => {
    world.befalls()
    world.simulated.wire.delays.push(afterSeconds * 1_000)
  }

/** AWS takes so long over the next of its operations of that kind, and then is itself again. */
export const takes =
  (kind: 'create' | 'delete', seconds: number): Befall =>
  (world) => {
    world.befalls()
    const name = kind === 'create' ? 'createDelayMs' : 'deleteDelayMs'
    const usualMs = world.aws.settings[name]
    world.setAws({ [name]: seconds * 1_000 })
    const operation = kind === 'create' ? 'CreateAccountAssignment' : 'DeleteAccountAssignment'
    return at(call(operation), 'after', () => world.setAws({ [name]: usualMs }))(world)
  }

export const forgetsStatuses =
  (operation: string): Befall =>
  (world) =>
    at(call(operation), 'after', () => world.aws.commit({ type: 'statuses-forgotten' }))(world)

// ---- the moment at which something happens ----

export type Moment = () => (touch: Touch) => boolean

export const call =
  (operation: string): Moment =>
  () =>
  ({ kind, label }) =>
    kind === 'call' && label === operation

export const statement =
  (text: string): Moment =>
  () =>
  ({ kind, label }) =>
    kind === 'sql' && label.includes(text)

/** The commit of the transaction in which that is said. */
export const commitOf =
  (text: string): Moment =>
  () => {
    let pid: number | null = null
    return (touch) => {
      if (touch.kind !== 'sql') return false
      if (touch.label.includes(text)) pid = touch.pid()
      return pid !== null && touch.pid() === pid && touch.label === 'commit'
    }
  }

export const at =
  (
    moment: Moment,
    when: 'before' | 'after',
    happens: (touch: Touch, world: FaultWorld) => void | Promise<void>,
  ): Befall =>
  (world) => {
    world.simulated.touches.interrupt({
      isDue: moment(),
      when,
      happen: async (touch) => {
        world.befalls()
        await happens(touch, world)
      },
    })
  }

// ---- TEAM itself ----

/** The copy that is at it dies there, and another is started so much later. */
export const killed =
  (moment: Moment, when: 'before' | 'after', awaySeconds = 30): Befall =>
  (world) =>
    at(moment, when, async ({ life }) => {
      const copy = world.simulated.copies.find((one) => one.life === life)
      if (copy === undefined) return
      await world.simulated.kill(copy)
      world.after(awaySeconds, async () => void (await world.simulated.startCopy()))
    })(world)

export const killedNow =
  (awaySeconds: number): Befall =>
  async (world) => {
    world.befalls()
    const copy = world.simulated.leader
    if (copy) await world.simulated.kill(copy)
    world.after(awaySeconds, async () => void (await world.simulated.startCopy()))
  }

/** The copy that is at it stands still there; another takes over; then the first goes on. */
export const stopped =
  (moment: Moment, when: 'before' | 'after', backAfterSeconds = 60): Befall =>
  (world) =>
    at(moment, when, async ({ life }) => {
      const copy = world.simulated.copies.find((one) => one.life === life)
      if (copy === undefined) return
      await world.simulated.pause(copy)
      world.after(5, async () => void (await world.simulated.startCopy()))
      world.after(backAfterSeconds, () => world.simulated.resume(copy))
    })(world)

/** The leader stands still, between two touches; another takes over; then the first goes on. */
export const stoppedNow =
  (backAfterSeconds: number): Befall =>
  async (world) => {
    world.befalls()
    const copy = world.simulated.leader
    if (copy === null) return
    await world.simulated.pause(copy)
    world.after(5, async () => void (await world.simulated.startCopy()))
    world.after(backAfterSeconds, () => world.simulated.resume(copy))
  }

// ---- the database ----

/** PostgreSQL ends every session there. */
export const sessionsEnd =
  (moment: Moment, when: 'before' | 'after'): Befall =>
  (world) =>
    at(moment, when, () => world.simulated.restartDatabase())(world)

export const databaseAway =
  (seconds: number): Befall =>
  async (world) => {
    world.befalls()
    const admit = (isOpen: boolean) =>
      runAsAdmin(
        world.cluster.adminUrl,
        `alter database ${world.simulated.databaseName} allow_connections ${isOpen}`,
      )
    await admit(false)
    await world.simulated.restartDatabase()
    world.after(seconds, () => admit(true))
  }

/** The audit trail cannot be written, once, where that is to be told. */
export const auditWriteFails =
  (action: string): Befall =>
  async (world) => {
    world.befalls()
    await world.simulated.admin.query(`
      create sequence sim.refused;
      create function sim.refuse() returns trigger language plpgsql security definer as $$
      begin
        if nextval('sim.refused') = 1 then raise exception 'could not extend file' using errcode = '53100'; end if;
        return new;
      end $$;
      create trigger refuse before insert on public.audit_event
        for each row when (new.action = '${action}') execute function sim.refuse();`)
  }

export const clockJumps =
  (minutes: number): Befall =>
  async (world) => {
    world.befalls()
    world.simulated.jump(minutes)
    await world.simulated.settle()
  }

// ---- others, in AWS ----

export const assignedByHand: Befall = (world) => {
  world.befalls()
  const { aws: sandbox, key, simulated } = world
  const value: Assignment = {
    ...key,
    roleSuffix: sandbox.ids.roleSuffix(),
    createdAt: sandbox.now(),
  }
  simulated.log.byHand(() => sandbox.commit({ type: 'assignment', value }))
  const stay = simulated.log.present(world.keyText)
  if (stay && world.isNobodysYet) stay.isStanding = true
}

export const removedByHand: Befall = (world) => {
  world.befalls()
  const { aws: sandbox, key, simulated } = world
  simulated.log.byHand(() => sandbox.commit({ type: 'assignment-removed', key }))
  simulated.history.handsOff.push({ atMs: world.nowMs, key: world.keyText })
}

export const personDisabled: Befall = (world) => {
  world.befalls()
  const user = world.aws.state.users.get(world.alice.userId)
  if (user === undefined) throw new Error('Alice is gone')
  world.aws.commit({
    type: 'user',
    value: { ...user, status: 'DISABLED', revision: user.revision + 1 },
  })
  world.simulated.history.noteStanding(user.userId, null, false)
}

export const personDeleted: Befall = (world) => {
  world.befalls()
  world.aws.commit({ type: 'user-removed', userId: world.alice.userId })
  world.simulated.history.noteStanding(world.alice.userId, null, false)
}

export const personLeavesGroup: Befall = (world) => {
  world.befalls()
  const { userId } = world.alice
  const { users } = world.simulated.organisation.groups
  const membership = world.aws.state.membership(userId, users)
  if (membership === undefined) throw new Error('Alice is in no group')
  world.aws.commit({ type: 'membership-removed', membershipId: membership.membershipId })
  world.simulated.history.noteStanding(userId, users, false)
}

const estate = (world: FaultWorld, route: keyof typeof estateRoutes, body: object) => {
  const answer = estateRoutes[route]?.(world.aws, body, '')
  if (answer === undefined || answer.status >= 300) throw new Error(`${route}: ${answer?.status}`)
  world.simulated.history.organisationChanged = true
}

export const accountBecomes =
  (state: 'SUSPENDED' | 'CLOSED', backAfterSeconds?: number): Befall =>
  (world) => {
    world.befalls()
    const { accountId } = world.key
    estate(world, 'POST /_sandbox/accounts', { accountId, state })
    if (backAfterSeconds === undefined) return
    world.after(backAfterSeconds, () =>
      estate(world, 'POST /_sandbox/accounts', { accountId, state: 'ACTIVE' }),
    )
  }

export const accountLeaves: Befall = (world) => {
  world.befalls()
  estate(world, 'DELETE /_sandbox/accounts', { accountId: world.key.accountId })
}

export const setDeleted: Befall = (world) => {
  world.befalls()
  const { permissionSetArn: arn } = world.key
  estate(world, 'DELETE /_sandbox/permission-sets', { arn, force: true })
}

export const setInManagementAccount =
  (backAfterSeconds: number): Befall =>
  (world) => {
    world.befalls()
    const { managementAccountId: accountId } = world.aws.state.organisation
    const body = { permissionSetArn: world.key.permissionSetArn, accountId }
    estate(world, 'POST /_sandbox/provision', body)
    world.after(backAfterSeconds, () => estate(world, 'DELETE /_sandbox/provision', body))
  }

/** The person goes, and AWS refuses for so long to delete what they held. */
export const orphanStays =
  (seconds: number): Befall =>
  async (world) => {
    world.setAws({ orphansStay: true })
    await personDeleted(world)
    world.after(seconds, () => world.setAws({ orphansStay: false }))
  }

export const policyRemoved: Befall = async (world) => {
  world.befalls()
  world.simulated.history.organisationChanged = true
  await world.administer('eligibility-policy.write', (actor, ports) =>
    confirmingEnds((confirmEnding) =>
      deleteEligibilityPolicy(ports, { actor, id: world.policyId, version: 1, confirmEnding }),
    ),
  )
}
