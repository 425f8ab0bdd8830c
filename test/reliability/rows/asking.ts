/** Before there is a grant: somebody asks, somebody decides. */
import {
  accountBecomes,
  assignedByHand,
  auditWriteFails,
  aws,
  commitOf,
  databaseAway,
  killed,
  personDisabled,
  sessionsEnd,
  statement,
} from '../befalls.ts'
import type { FaultWorld } from '../fault-world.ts'
import { everyone, parties, type Row, type Step } from '../row.ts'

const asked = 'insert into "request"'
const granted = { ends: 'ended', given: true } as const

/** As a person does who saw an error. */
const twice =
  (waitSeconds: number) =>
  async (world: FaultWorld): Promise<void> => {
    await world.submit()
    await world.pass(waitSeconds)
    await world.submit()
  }

const decideTwice =
  (waitSeconds: number) =>
  async (world: FaultWorld): Promise<void> => {
    await world.decide('approve', world.dora)
    await world.pass(waitSeconds)
    await world.decide('approve', world.dora)
  }

const submission: readonly Row[] = [
  {
    ...granted,
    when: 'first',
    fault: 'AWS cannot say for a minute whether the person is enabled',
    does: 'Refused with that reason, nothing is written; asked again later, it works.',
    befalls: aws({ operation: 'DescribeUser', error: 'InternalServerException' }, 60),
    ask: twice(90),
    answers: ['unconfirmed_with_aws', 'done', 'done'],
    rightWithin: 90,
  },
  {
    ...granted,
    when: 'first',
    fault: 'AWS cannot say for half a minute who holds the target',
    does: 'Refused with that reason, nothing is written; asked again later, it works.',
    befalls: aws({ operation: 'ListAccountAssignments', error: 'InternalServerException' }, 30),
    ask: twice(60),
    answers: ['unconfirmed_with_aws', 'done', 'done'],
    rightWithin: 60,
  },
  {
    when: 'first',
    ends: null,
    given: false,
    standing: true,
    fault: 'The person holds the same by hand already',
    does: 'Refused, and the assignment stays.',
    befalls: assignedByHand,
    answers: ['already_held'],
    rightWithin: 0,
  },
  {
    ...granted,
    when: 'first',
    fault: 'PostgreSQL ends the session before the commit',
    does: 'Nothing is written; it is tried again within the same call.',
    befalls: sessionsEnd(statement(asked), 'after'),
    rightWithin: 0,
  },
  {
    ...granted,
    when: 'first',
    fault: 'The audit event cannot be written, once',
    does: 'An error on the screen, and no request: they are one transaction. Asked again, it works.',
    befalls: auditWriteFails('request.submit'),
    ask: twice(5),
    answers: ['failed', 'done', 'done'],
    rightWithin: 5,
  },
  {
    ...granted,
    when: 'first',
    fault: 'Killed after the commit, before the answer; back after 30 s',
    does: 'The request is there. Asked again, the answer names it.',
    befalls: killed(commitOf(asked), 'after'),
    ask: twice(60),
    answers: ['no answer', 'duplicate_pending', 'done'],
    rightWithin: 0,
  },
  {
    ...granted,
    when: 'first',
    fault: 'The database is away for a minute',
    does: 'An error on the screen; asked again, it works.',
    befalls: databaseAway(60),
    ask: twice(90),
    answers: ['failed', 'done', 'done'],
    rightWithin: 90,
  },
]

const decision: readonly Row[] = [
  {
    ...granted,
    when: 'asked',
    rival: true,
    fault: 'Two approvals in one second',
    does: 'The row decides: one counts, the other is told so. One grant, one assignment, one removal.',
    befalls: (world) => world.befalls(),
    agree: (world) => world.decide('approve', world.dora, world.emil),
    answers: ['done', 'done', 'already_decided'],
    rightWithin: 5,
  },
  {
    ...granted,
    when: 'asked',
    fault: 'AWS cannot say for a minute whether the approver still belongs',
    does: 'Refused with that reason, never assumed; decided again later, it works.',
    befalls: aws({ operation: 'DescribeUser', error: 'InternalServerException' }, 60),
    agree: decideTwice(90),
    answers: ['done', 'unconfirmed_with_aws', 'done'],
    rightWithin: 95,
  },
  {
    ...granted,
    when: 'asked',
    fault: 'PostgreSQL ends the session before the commit',
    does: 'Nothing is written; it is tried again within the same call.',
    befalls: sessionsEnd(statement('insert into "decision"'), 'after'),
    agree: (world) => world.decide('approve', world.dora),
    rightWithin: 10,
  },
  {
    ...granted,
    when: 'asked',
    fault: 'The audit event cannot be written, once',
    does: 'An error on the screen, no vote and no grant; decided again, it works.',
    befalls: auditWriteFails('request.approve'),
    agree: decideTwice(5),
    answers: ['done', 'failed', 'done'],
    rightWithin: 10,
  },
  {
    ...granted,
    when: 'asked',
    fault: 'Killed after the commit, before the answer; back after 30 s',
    does: 'The vote counts, access is given on return; decided again, the answer is that it is decided.',
    befalls: killed(commitOf('insert into "decision"'), 'after'),
    agree: decideTwice(60),
    answers: ['done', 'no answer', 'already_decided'],
    rightWithin: 40,
  },
  {
    ends: 'failed',
    given: false,
    when: 'asked',
    fault: 'The requester is disabled in Identity Center half a minute before the vote',
    does: 'Seen when access is due, before anything is asked of AWS: the request fails. Nobody writes to who is disabled.',
    befalls: personDisabled,
    agree: async (world) => {
      await world.pass(30)
      await world.decide('approve', world.dora)
    },
    told: { failed: ['approvers', 'auditors', 'administrators'] },
    rightWithin: 35,
  },
  {
    ends: 'failed',
    given: false,
    when: 'asked',
    fault: 'The account is suspended before the vote',
    does: 'AWS fails the creation with its reason, if the directory has not been read again before.',
    befalls: accountBecomes('SUSPENDED'),
    told: { failed: everyone },
    rightWithin: 30,
  },
  {
    ends: 'expired',
    given: false,
    when: 'asked',
    fault: 'Nobody decides, and every copy is away when the request expires (3 h)',
    does: 'Expired as soon as a copy is back.',
    befalls: () => undefined,
    agree: async (world) => {
      await world.pass(10_500)
      world.befalls()
      await killedFor(world, 900)
      await world.pass(1_200)
    },
    told: { expired: parties },
    rightWithin: 0,
  },
]

async function killedFor(world: FaultWorld, seconds: number): Promise<void> {
  const copy = world.simulated.leader
  if (copy) await world.simulated.kill(copy)
  world.after(seconds, async () => void (await world.simulated.startCopy()))
}

export const asking: readonly Step[] = [
  { title: 'Somebody asks', from: 'asked', rows: submission },
  { title: 'Somebody decides', from: 'fault', rows: decision },
]
