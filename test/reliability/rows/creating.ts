/** From the vote to the first sign of access. */
import {
  assignedByHand,
  at,
  auditWriteFails,
  aws,
  call,
  commitOf,
  databaseAway,
  forgetsStatuses,
  killed,
  lands,
  sessionsEnd,
  statement,
  stopped,
  takes,
} from '../befalls.ts'
import { everyone, overseers, parties, type Row, type Step } from '../row.ts'

const create = 'CreateAccountAssignment'
const intent = 'insert into "intent"'
const granted = { when: 'agreed', ends: 'ended', given: true } as const
const failed = { when: 'agreed', ends: 'failed', given: false, told: { failed: everyone } } as const

const beforeTheCall: readonly Row[] = [
  {
    ...granted,
    fault: 'AWS cannot say for a minute whether the person is still enabled',
    does: 'Nothing is created on a guess; asked again until AWS answers.',
    befalls: at(commitOf('insert into "access_grant"'), 'after', (_touch, world) =>
      aws({ operation: 'DescribeUser', error: 'InternalServerException' }, 60)(world),
    ),
    rightWithin: 75,
  },
  {
    ...failed,
    fault: 'AWS cannot say for twelve minutes whether the person is still enabled',
    does: 'At the activation deadline (10 min) the request fails; nothing was asked of AWS.',
    befalls: at(commitOf('insert into "access_grant"'), 'after', (_touch, world) =>
      aws({ operation: 'DescribeUser', error: 'InternalServerException' }, 720)(world),
    ),
    rightWithin: 610,
  },
  {
    ...granted,
    fault: 'The look for standing access is throttled for a minute',
    does: 'No intent without a look at most two seconds old: tried again until AWS answers.',
    befalls: aws({ operation: 'ListAccountAssignments', error: 'ThrottlingException' }, 60),
    rightWithin: 75,
  },
  {
    ...granted,
    fault: 'The connection breaks during that look',
    does: 'Looked again.',
    befalls: aws({ operation: 'ListAccountAssignments', dropConnection: 'before' }),
    rightWithin: 10,
  },
  {
    ...failed,
    fault: 'Somebody assigned the same by hand after the request was made',
    does: 'It is standing access, not TEAM’s: the request fails and says so; the assignment stays.',
    befalls: assignedByHand,
    standing: true,
    rightWithin: 5,
  },
  {
    ...granted,
    fault: 'The session duration cannot be read, once',
    does: 'Tried again, or twelve hours are assumed.',
    befalls: aws({ operation: 'DescribePermissionSet', error: 'InternalServerException' }),
    rightWithin: 10,
  },
  {
    ...granted,
    fault: 'PostgreSQL ends the session while the intent is being written',
    does: 'Nothing was written, so nothing is sent; begun again.',
    befalls: sessionsEnd(statement(intent), 'after'),
    rightWithin: 15,
  },
  {
    ...granted,
    fault: 'The audit event of the intent cannot be written, once',
    does: 'Intent and event are one transaction: neither is there; begun again.',
    befalls: auditWriteFails('access.create_intended'),
    rightWithin: 10,
  },
  {
    ...granted,
    fault: 'The database is away for a minute',
    does: 'Nothing is sent without an intent; goes on when it is back.',
    befalls: at(call('ListAccountAssignments'), 'after', (_touch, world) =>
      databaseAway(60)(world),
    ),
    rightWithin: 90,
  },
  {
    ...granted,
    fault: 'Killed after the intent, before the call; back after 30 s',
    does: 'Whether it was sent is unknown: two looks, then created again; watched for 25 min.',
    befalls: killed(commitOf(intent), 'after'),
    rightWithin: 60,
  },
  {
    ...granted,
    fault:
      'Stopped (SIGSTOP) after the intent; another copy takes over; the first goes on after 1 min',
    does: 'The other doubts, looks and creates; the first, without the lead, sends nothing.',
    befalls: stopped(commitOf(intent), 'after'),
    rightWithin: 60,
  },
]

const theCall: readonly Row[] = [
  {
    ...granted,
    fault: 'Throttled once',
    does: 'Sent again after a second or two.',
    befalls: aws({ operation: create, error: 'ThrottlingException' }),
    rightWithin: 10,
  },
  {
    ...granted,
    fault: 'Throttled for eight minutes',
    does: 'Tried at growing intervals, a minute at most.',
    befalls: aws({ operation: create, error: 'ThrottlingException' }, 480),
    rightWithin: 545,
  },
  {
    ...failed,
    fault: 'Throttled for twelve minutes',
    does: 'At the activation deadline the request fails, and says that AWS asked for patience.',
    befalls: aws({ operation: create, error: 'ThrottlingException' }, 720),
    rightWithin: 610,
  },
  {
    ...granted,
    fault: 'Conflict with another write on the target, once',
    does: 'Sent again.',
    befalls: aws({ operation: create, error: 'ConflictException' }),
    rightWithin: 10,
  },
  {
    ...granted,
    fault: 'Quota exceeded (15 outstanding creations) for two minutes',
    does: 'Waits and tries again.',
    befalls: aws({ operation: create, error: 'ServiceQuotaExceededException' }, 120),
    rightWithin: 190,
  },
  {
    ...granted,
    fault: 'AWS answers with an internal error (5xx)',
    does: 'What it did is unknown: looked after 10 s, missing, created again; watched for 25 min.',
    befalls: aws({ operation: create, error: 'InternalServerException' }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'The connection drops before AWS has it',
    does: 'As above.',
    befalls: aws({ operation: create, dropConnection: 'before' }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'The connection drops after AWS has it',
    does: 'Unknown; the look after 10 s shows it: granted from then.',
    befalls: aws({ operation: create, dropConnection: 'after' }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'The call hangs, and AWS never had it',
    does: 'Given up after its time-out; then as a dropped connection.',
    befalls: aws({ operation: create, hangs: 'before' }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'The call hangs, and AWS has it',
    does: 'As above; the look shows it.',
    befalls: aws({ operation: create, hangs: 'after' }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'The call is delayed on the wire and lands after four minutes',
    does: 'Meanwhile created anew; the late one finds it there and changes nothing.',
    befalls: lands(240),
    rightWithin: 25,
  },
  {
    ...failed,
    ends: 'cancelled',
    told: { cancelled: parties, excess_added: everyone, removal_late: overseers },
    fault: 'The call is lost, the requester cancels, and then it lands after four minutes',
    does: 'Absence was confirmed and the request closed, but the key stayed watched: the next look (3 min apart) sees it and removes it; its seconds are added to the request.',
    befalls: () => undefined,
    agree: async (world) => {
      await lands(240)(world)
      await world.decide('approve', world.dora)
      await world.pass(3)
      await world.decide('cancel', world.alice)
    },
    excessAtMost: 200,
    rightWithin: 440,
  },
  {
    ...failed,
    fault: 'Access denied',
    does: 'Fails at once with AWS’s words; absence confirmed.',
    befalls: aws({ operation: create, error: 'AccessDeniedException' }),
    rightWithin: 15,
  },
  {
    ...failed,
    fault: 'The account or the permission set no longer exists',
    does: 'Fails at once with AWS’s words.',
    befalls: aws({ operation: create, error: 'ResourceNotFoundException' }),
    rightWithin: 15,
  },
  {
    ...granted,
    fault: 'Killed before the call is on the wire; back after 30 s',
    does: 'Doubt, two looks, created again; watched.',
    befalls: killed(call(create), 'before'),
    rightWithin: 60,
  },
  {
    ...granted,
    fault: 'Killed when AWS has accepted, before the answer is written down; back after 30 s',
    does: 'Doubt; the look shows it: granted from then.',
    befalls: killed(call(create), 'after'),
    rightWithin: 60,
  },
  {
    ...granted,
    fault:
      'Stopped (SIGSTOP) with the signed call in hand; another copy takes over; it goes out after 1 min',
    does: 'The other created meanwhile; the late call finds it there and changes nothing.',
    befalls: stopped(call(create), 'before'),
    rightWithin: 60,
  },
  {
    ...granted,
    fault: 'PostgreSQL ends the session when the answer is to be written down',
    does: 'The intent stays unanswered: doubt, and looks tell.',
    befalls: sessionsEnd(statement('update "intent" set'), 'after'),
    rightWithin: 35,
  },
]

const inProgress: readonly Row[] = [
  {
    ...failed,
    fault: 'AWS accepts, and the creation ends FAILED',
    does: 'Fails with AWS’s reason, after a look that nothing was left behind.',
    befalls: aws({
      operation: create,
      failureReason: 'AWS SSO is unable to complete your request',
    }),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'AWS takes eight minutes',
    does: 'Waited for; the clock of an immediate grant starts when AWS confirms.',
    befalls: takes('create', 480),
    rightWithin: 485,
  },
  {
    ...failed,
    told: { ...failed.told, removal_late: overseers },
    fault: 'AWS takes twelve minutes: it lands after the activation deadline',
    does: 'Fails at the deadline; when AWS is done, it is removed at once.',
    befalls: takes('create', 720),
    rightWithin: 735,
    excessAtMost: 10,
  },
  {
    ...granted,
    fault: 'It is there, but its status says IN_PROGRESS for another minute',
    does: 'Not shown as active before AWS says so.',
    befalls: aws({ operation: create, statusDelayMs: 60_000 }),
    rightWithin: 70,
  },
  {
    ...granted,
    fault: 'AWS forgets the request id',
    does: 'A look at the target tells.',
    befalls: forgetsStatuses(create),
    rightWithin: 25,
  },
  {
    ...granted,
    fault: 'Reading the status is throttled for a minute',
    does: 'Asked again until it is answered.',
    befalls: aws(
      { operation: 'ListAccountAssignmentCreationStatus', error: 'ThrottlingException' },
      60,
    ),
    rightWithin: 75,
  },
  {
    ...granted,
    fault: 'The answer about the one request breaks off, once',
    does: 'Asked again.',
    befalls: aws({ operation: 'DescribeAccountAssignmentCreationStatus', dropConnection: 'after' }),
    rightWithin: 15,
  },
  {
    ...granted,
    fault: 'Killed while AWS works on it; back after 30 s',
    does: 'The request id is in the ledger: its status is read, and it is active.',
    befalls: killed(commitOf('set "state" = '), 'after'),
    rightWithin: 45,
  },
  {
    ...granted,
    fault: 'Stopped (SIGSTOP) while AWS works on it; another copy takes over',
    does: 'The other reads the status.',
    befalls: stopped(call('ListAccountAssignmentCreationStatus'), 'after'),
    rightWithin: 30,
  },
  {
    ...failed,
    told: { ...failed.told, removal_late: overseers },
    fault: 'Every copy is away for an hour from the moment of the acceptance',
    does: 'Never confirmed in time: removed as soon as a copy is back, and the request fails.',
    befalls: killed(call(create), 'after', 3_600),
    rightWithin: 3_660,
    excessAtMost: 3_060,
  },
]

const confirmed: readonly Row[] = [
  {
    ...granted,
    rival: true,
    fault: 'A failed audit write after the creation',
    does: 'State, event and notices are one transaction: it is tried again until it is written; the end is planned with it.',
    befalls: auditWriteFails('access.active'),
    rightWithin: 10,
  },
  {
    ...granted,
    rival: true,
    fault: 'A throttled scheduler call',
    does: 'There is none: the end is a time in the ledger, written with the grant. Here every call to AWS is throttled for a minute from the acceptance on.',
    befalls: at(call(create), 'after', (_touch, world) =>
      aws({ operation: '*', error: 'ThrottlingException' }, 60)(world),
    ),
    rightWithin: 75,
  },
  {
    ...granted,
    fault: 'PostgreSQL ends the session before the activation is committed',
    does: 'Written again.',
    befalls: sessionsEnd(commitOf('"granted_at" = '), 'before'),
    rightWithin: 15,
  },
  {
    ...granted,
    fault: 'PostgreSQL ends the session after the activation is committed',
    does: 'It is committed; nothing is written twice, nobody is told twice.',
    befalls: sessionsEnd(commitOf('"granted_at" = '), 'after'),
    rightWithin: 5,
  },
  {
    ...granted,
    fault: 'Killed before the activation is committed; back after 30 s',
    does: 'The ledger holds AWS’s yes: activated on return.',
    befalls: killed(commitOf('"granted_at" = '), 'before'),
    rightWithin: 45,
  },
]

export const creating: readonly Step[] = [
  {
    title: 'Access is due: person, standing access, session duration, intent',
    from: 'agreed',
    rows: beforeTheCall,
  },
  { title: 'The creation is sent', from: 'agreed', rows: theCall },
  { title: 'AWS works on the creation; its status is read', from: 'agreed', rows: inProgress },
  { title: 'The creation is confirmed', from: 'agreed', rows: confirmed },
]
