/** From the end of the window to the last mail. */
import {
  auditWriteFails,
  aws,
  call,
  clockJumps,
  commitOf,
  databaseAway,
  forgetsStatuses,
  killed,
  killedNow,
  lands,
  orphanStays,
  sessionsEnd,
  statement,
  stopped,
  stoppedNow,
  takes,
} from '../befalls.ts'
import { everyone, overseers, type Row, type Step } from '../row.ts'

const remove = 'DeleteAccountAssignment'
const intent = 'insert into "intent"'
const ended = { when: 'before the end', ends: 'ended', given: true } as const
const late = { ...ended, told: { removal_late: everyone } } as const

const due: readonly Row[] = [
  {
    ...ended,
    told: { removal_late: overseers },
    fault: 'Every copy is away for half an hour when the end is due',
    does: 'Removed as soon as a copy is back; every second is counted. It is gone before its alarm would be told; the mail of the end says the seconds, and those who watch over TEAM are told that it was late.',
    befalls: killedNow(1_800),
    rightWithin: 1_815,
    excessAtMost: 1_810,
  },
  {
    ...ended,
    fault:
      'The leader is stopped (SIGSTOP); another copy takes over; the first goes on after 1 min',
    does: 'The other ends it.',
    befalls: stoppedNow(60),
    rightWithin: 15,
    excessAtMost: 15,
  },
  {
    ...ended,
    fault: 'The database is away for a minute',
    does: 'Nothing can be decided without it; ended when it is back.',
    befalls: databaseAway(62),
    rightWithin: 90,
    excessAtMost: 80,
  },
  {
    ...ended,
    fault: 'The clock jumps an hour back just before',
    does: 'The end is a time on that clock: access stands an hour longer by any other. See “About the clock” above.',
    befalls: async (world) => {
      await clockJumps(-60)(world)
      // So much longer it takes until the end is due again.
      world.after(3_700, () => undefined)
    },
    clockJumped: true,
    rightWithin: 5,
  },
  {
    ...ended,
    fault: 'The audit event of the end cannot be written, once',
    does: 'Tried again.',
    befalls: auditWriteFails('access.ending'),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...ended,
    fault: 'PostgreSQL ends the session while the intent of deletion is being written',
    does: 'Nothing was written; written again.',
    befalls: sessionsEnd(statement(intent), 'after'),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...ended,
    fault: 'The audit event of the intent cannot be written, once',
    does: 'Intent and event are one transaction; written again.',
    befalls: auditWriteFails('access.delete_intended'),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...ended,
    fault: 'Killed after the intent, before the call; back after 30 s',
    does: 'Doubt; a look shows it is there; deleted.',
    befalls: killed(commitOf(intent), 'after'),
    rightWithin: 55,
    excessAtMost: 55,
  },
]

const theCall: readonly Row[] = [
  {
    ...ended,
    rival: true,
    fault: 'One conflict on delete',
    does: 'Sent again after a second or two, and for as long as it takes.',
    befalls: aws({ operation: remove, error: 'ConflictException' }),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...ended,
    fault: 'Throttled once',
    does: 'Sent again.',
    befalls: aws({ operation: remove, error: 'ThrottlingException' }),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...late,
    fault: 'Throttled for ten minutes',
    does: 'Tried at growing intervals, a minute at most; an alarm after a minute.',
    befalls: aws({ operation: remove, error: 'ThrottlingException' }, 600),
    rightWithin: 665,
    excessAtMost: 665,
  },
  {
    ...late,
    fault: 'Quota exceeded for two minutes',
    does: 'The same.',
    befalls: aws({ operation: remove, error: 'ServiceQuotaExceededException' }, 120),
    rightWithin: 190,
    excessAtMost: 190,
  },
  {
    ...late,
    fault: 'Access denied for five minutes',
    does: 'Tried every quarter of an hour; the alarm carries the command for the management account.',
    befalls: aws({ operation: remove, error: 'AccessDeniedException' }, 300),
    rightWithin: 915,
    excessAtMost: 910,
  },
  {
    ...ended,
    fault: 'AWS answers with an internal error (5xx)',
    does: 'What it did is unknown: looked after 10 s, still there, deleted again; watched for 25 min.',
    befalls: aws({ operation: remove, error: 'InternalServerException' }),
    rightWithin: 20,
    excessAtMost: 20,
  },
  {
    ...ended,
    fault: 'The connection drops before AWS has it',
    does: 'The same.',
    befalls: aws({ operation: remove, dropConnection: 'before' }),
    rightWithin: 20,
    excessAtMost: 20,
  },
  {
    ...ended,
    fault: 'The connection drops after AWS has it',
    does: 'Two looks ten seconds apart show that it is gone.',
    befalls: aws({ operation: remove, dropConnection: 'after' }),
    rightWithin: 25,
  },
  {
    ...ended,
    fault: 'The call hangs, and AWS never had it',
    does: 'Given up after its time-out; then as a dropped connection.',
    befalls: aws({ operation: remove, hangs: 'before' }),
    rightWithin: 20,
    excessAtMost: 20,
  },
  {
    ...ended,
    fault: 'The call hangs, and AWS has it',
    does: 'As above.',
    befalls: aws({ operation: remove, hangs: 'after' }),
    rightWithin: 25,
  },
  {
    ...ended,
    fault: 'The call is delayed on the wire and lands after four minutes',
    does: 'Meanwhile deleted anew; the late one finds nothing.',
    befalls: lands(240),
    rightWithin: 20,
    excessAtMost: 20,
  },
  {
    ...ended,
    fault: 'AWS says that the assignment, the set or the account does not exist, though it does',
    does: 'Not believed: a look shows it, and it is deleted.',
    befalls: aws({ operation: remove, error: 'ResourceNotFoundException' }),
    rightWithin: 10,
    excessAtMost: 10,
  },
  {
    ...ended,
    fault: 'Killed before the call is on the wire; back after 30 s',
    does: 'Doubt; a look shows it; deleted.',
    befalls: killed(call(remove), 'before'),
    rightWithin: 55,
    excessAtMost: 55,
  },
  {
    ...ended,
    fault: 'Killed when AWS has accepted, before the answer is written down; back after 30 s',
    does: 'Doubt; two looks show that it is gone.',
    befalls: killed(call(remove), 'after'),
    rightWithin: 65,
  },
  {
    ...ended,
    fault:
      'Stopped (SIGSTOP) with the signed call in hand; another copy takes over; it goes out after 1 min',
    does: 'The other deleted meanwhile; the late call finds nothing.',
    befalls: stopped(call(remove), 'before'),
    rightWithin: 35,
    excessAtMost: 35,
  },
  {
    ...ended,
    fault: 'PostgreSQL ends the session when the answer is to be written down',
    does: 'The intent stays unanswered: doubt, and looks tell.',
    befalls: sessionsEnd(statement('update "intent" set'), 'after'),
    rightWithin: 35,
  },
]

const inProgress: readonly Row[] = [
  {
    ...ended,
    fault: 'AWS accepts, and the deletion ends FAILED',
    does: 'A look shows that it is still there; deleted again.',
    befalls: aws({
      operation: remove,
      failureReason: 'AWS SSO is unable to complete your request',
    }),
    rightWithin: 30,
    excessAtMost: 30,
  },
  {
    ...late,
    fault: 'AWS takes eight minutes',
    does: 'Waited for; shown as ending, with an alarm.',
    befalls: takes('delete', 480),
    rightWithin: 485,
    excessAtMost: 485,
  },
  {
    ...ended,
    fault: 'It is gone, but its status says IN_PROGRESS for half a minute',
    does: 'Not shown as ended before AWS says so; the seconds are counted as if it stood.',
    befalls: aws({ operation: remove, statusDelayMs: 30_000 }),
    rightWithin: 40,
  },
  {
    ...ended,
    fault: 'AWS forgets the request id',
    does: 'Looks at the target tell.',
    befalls: forgetsStatuses(remove),
    rightWithin: 25,
  },
  {
    ...ended,
    fault: 'Reading the status is throttled for half a minute',
    does: 'Asked again until it is answered.',
    befalls: aws(
      { operation: 'ListAccountAssignmentDeletionStatus', error: 'ThrottlingException' },
      30,
    ),
    rightWithin: 40,
  },
  {
    ...ended,
    fault: 'The answer about the one request breaks off, once',
    does: 'Asked again.',
    befalls: aws({ operation: 'DescribeAccountAssignmentDeletionStatus', dropConnection: 'after' }),
    rightWithin: 10,
  },
  {
    ...ended,
    fault: 'Killed while AWS works on it; back after 30 s',
    does: 'The request id is in the ledger: its status is read.',
    befalls: killed(commitOf('set "state" = '), 'after'),
    rightWithin: 40,
  },
  {
    ...ended,
    fault: 'The person is deleted, and AWS refuses for ten minutes to delete the orphan',
    does: 'Tried until AWS lets it; an alarm after a minute. Nobody writes to who is gone.',
    befalls: orphanStays(600),
    told: { removal_late: ['approvers', 'auditors', 'administrators'] },
    rightWithin: 700,
    excessAtMost: 700,
  },
]

const confirmed: readonly Row[] = [
  {
    ...ended,
    fault: 'The audit event of the removal cannot be written, once',
    does: 'Written again; what is counted is AWS’s yes.',
    befalls: auditWriteFails('access.over'),
    rightWithin: 10,
  },
  {
    ...ended,
    fault: 'PostgreSQL ends the session before the end is committed',
    does: 'Written again.',
    befalls: sessionsEnd(commitOf('"removal_confirmed_at" = '), 'before'),
    rightWithin: 15,
  },
  {
    ...ended,
    fault: 'Killed before the end is committed; back after 30 s',
    does: 'The ledger holds AWS’s yes: ended on return, and told once.',
    befalls: killed(commitOf('"removal_confirmed_at" = '), 'before'),
    rightWithin: 45,
  },
]

const notices: readonly Row[] = [
  {
    ...ended,
    when: 'agreed',
    fault: 'SES is down for ten minutes from the approval on',
    does: 'Access does not wait for mail. Notices are tried again; what is no longer so by then is dropped.',
    befalls: aws({ operation: 'SendEmail', error: 'InternalServerException' }, 600),
    rightWithin: 5,
  },
  {
    ...ended,
    fault: 'SES is down for ten minutes from the end on',
    does: 'The end is told when SES is back.',
    befalls: aws({ operation: 'SendEmail', error: 'InternalServerException' }, 600),
    rightWithin: 5,
  },
  {
    ...ended,
    fault: 'The connection to SES breaks after it took the mail',
    does: 'Sent again: a mail twice is better than none.',
    befalls: aws({ operation: 'SendEmail', dropConnection: 'after' }),
    rightWithin: 5,
  },
  {
    ...ended,
    fault: 'Killed when the end is committed, before its mails are sent; back after 30 s',
    does: 'The notices were queued in that transaction: sent on return.',
    befalls: killed(commitOf('"removal_confirmed_at" = '), 'after'),
    rightWithin: 5,
  },
]

export const ending: readonly Step[] = [
  { title: 'The end is due: the decision, the intent of deletion', from: 'end', rows: due },
  { title: 'The deletion is sent', from: 'end', rows: theCall },
  { title: 'AWS works on the deletion; its status is read', from: 'end', rows: inProgress },
  { title: 'The removal is confirmed', from: 'end', rows: confirmed },
  { title: 'People are told', from: 'end', rows: notices },
]
