/** While access stands. */
import {
  accountBecomes,
  accountLeaves,
  assignedByHand,
  auditWriteFails,
  aws,
  clockJumps,
  databaseAway,
  killedNow,
  personDeleted,
  personDisabled,
  personLeavesGroup,
  policyRemoved,
  removedByHand,
  setDeleted,
  setInManagementAccount,
  stoppedNow,
} from '../befalls.ts'
import { overseers, parties, type Row, type Step } from '../row.ts'

const lasts = { when: 'living', ends: 'ended', given: true, rightWithin: 0 } as const
const lost = {
  when: 'living',
  ends: 'revoked',
  given: true,
  endsIt: true,
  told: { revoked: parties },
} as const

const team: readonly Row[] = [
  {
    ...lasts,
    fault: 'Every copy is killed; back after two minutes',
    does: 'Access stands as granted; nothing is lost, nothing is done twice.',
    befalls: killedNow(120),
  },
  {
    ...lasts,
    fault:
      'The leader is stopped (SIGSTOP); another copy takes over; the first goes on after 1 min',
    does: 'Access stands as granted.',
    befalls: stoppedNow(60),
  },
  {
    ...lasts,
    fault: 'The database is away for a minute',
    does: 'Access stands as granted.',
    befalls: databaseAway(60),
  },
  {
    ...lasts,
    fault: 'The clock (the database’s) jumps an hour ahead',
    does: 'By that clock the grant is over: it ends at once, early by any other, and is recorded as late.',
    befalls: clockJumps(60),
    clockJumped: true,
    told: { removal_late: overseers },
    rightWithin: 5,
  },
  {
    ...lasts,
    fault: 'The clock (the database’s) jumps an hour back',
    does: 'The end is a time on that clock: access stands an hour longer by any other. See “About the clock” above.',
    befalls: clockJumps(-60),
    clockJumped: true,
  },
]

const world: readonly Row[] = [
  {
    ...lost,
    fault: 'The assignment is removed by hand',
    does: 'Two looks a minute apart (each target is listed every 5 min): ends as revoked, “outside TEAM”, and is not put back.',
    befalls: removedByHand,
    rightWithin: 375,
  },
  {
    ...lasts,
    fault: 'Somebody assigns the same by hand as well',
    does: 'AWS keeps one assignment a person and target: nothing changes, and it ends with the grant.',
    befalls: assignedByHand,
  },
  {
    ...lost,
    fault: 'The person is disabled in Identity Center',
    does: 'People with live grants are read every minute: removed. Nobody writes to who is disabled.',
    befalls: personDisabled,
    told: { revoked: ['approvers'] },
    rightWithin: 125,
  },
  {
    ...lost,
    fault: 'The person is deleted in Identity Center; AWS leaves the assignment there',
    does: 'The same; the orphaned assignment is removed.',
    befalls: personDeleted,
    told: { revoked: ['approvers'] },
    rightWithin: 125,
  },
  {
    ...lost,
    fault: 'The person leaves the group that the policy names',
    does: 'The same.',
    befalls: personLeavesGroup,
    rightWithin: 125,
  },
  {
    ...lost,
    fault: 'The policy is removed',
    does: 'Removed (the administrator had to confirm it).',
    befalls: policyRemoved,
    rightWithin: 10,
  },
  {
    ...lost,
    fault: 'The account is suspended for twenty minutes; AWS refuses every deletion there',
    does: 'Seen at the next reading of the directory (5 min): ending, tried every quarter of an hour, alarmed; removed when AWS lets it.',
    befalls: accountBecomes('SUSPENDED', 1_200),
    told: {
      removal_late: ['requester', 'approvers', 'auditors', 'administrators'],
      revoked: parties,
    },
    rightWithin: 2_200,
    excessAtMost: 2_000,
  },
  {
    ...lost,
    fault: 'The account leaves the organisation, and its assignments with it',
    does: 'Seen at the next reading: ends. AWS’s “no such account”, heard in two looks, is absence; looked at for an hour more.',
    befalls: accountLeaves,
    rightWithin: 330,
  },
  {
    ...lost,
    fault: 'The permission set is deleted, and its assignments with it',
    does: 'Seen at the next reading: the same.',
    befalls: setDeleted,
    rightWithin: 330,
  },
  {
    ...lost,
    fault:
      'The permission set is provisioned in the management account for twenty minutes: no delegated administrator may touch it',
    does: 'Seen at the next reading: ending, denied by AWS, tried every quarter of an hour, alarmed with the command that the management account can run.',
    befalls: setInManagementAccount(1_200),
    told: {
      removal_late: ['requester', 'approvers', 'auditors', 'administrators'],
      revoked: parties,
    },
    rightWithin: 2_200,
    excessAtMost: 2_000,
  },
  {
    ...lasts,
    fault: 'A reading of the directory misses every user',
    does: 'Nobody’s grant ends by a bad reading.',
    befalls: aws({ operation: 'ListUsers', loses: 1 }, 400),
  },
  {
    ...lasts,
    fault: 'AWS cannot be read at all for eight minutes',
    does: 'Nothing is concluded from not knowing.',
    befalls: aws({ operation: '*', error: 'InternalServerException' }, 480),
  },
]

const stopping: readonly Row[] = [
  {
    when: 'living',
    ends: 'revoked',
    given: true,
    endsIt: true,
    fault: 'Two people revoke in one second',
    does: 'One counts, the other is told that it is ending; one removal.',
    befalls: (one) => one.befalls(),
    live: (one) => one.decide('revoke', one.dora, one.emil),
    answers: ['done', 'done', 'done', 'already_ending'],
    told: { revoked: parties },
    rightWithin: 5,
  },
  {
    ...lost,
    fault: 'A revocation’s audit event cannot be written, once',
    does: 'An error on the screen, nothing is half done; revoked again, it ends.',
    befalls: auditWriteFails('request.revoke'),
    live: async (one) => {
      await one.decide('revoke', one.dora)
      await one.pass(5)
      await one.decide('revoke', one.dora)
    },
    answers: ['done', 'done', 'failed', 'done'],
    rightWithin: 10,
  },
]

export const living: readonly Step[] = [
  { title: 'While access stands: TEAM and its database', from: 'fault', rows: team },
  { title: 'While access stands: what others do', from: 'fault', rows: world },
  { title: 'Somebody ends it early', from: 'fault', rows: stopping },
]
