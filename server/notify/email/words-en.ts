import type { SubjectWords, Words } from './words.ts'

const subject = (what: string): SubjectWords => ({
  own: (access) => `${what}: ${access}`,
  others: ({ who, access }) => `${what}: ${access} for ${who}`,
})

const people = (count: number) => (count === 1 ? '1 person' : `${count} people`)

export const english: Words = {
  access: ({ set, account, accountId }) => `${set} in ${account} (${accountId})`,
  subject: {
    requested: subject('Waiting for approval'),
    reminder: subject('Still waiting for approval'),
    approved: subject('Approved'),
    rejected: subject('Rejected'),
    cancelled: subject('Request cancelled'),
    expired: subject('Expired without a decision'),
    active: subject('Access is active'),
    ending_soon: subject('Access ends soon'),
    ended: subject('Access has ended'),
    revoked: subject('Access was revoked'),
    failed: subject('Access could not be given'),
    break_glass_used: subject('Break-glass used'),
    review_due: subject('Review due'),
    excess_added: subject('Access appeared after its end'),
  },
  heading: {
    requested: ({ who }) => `${who} asks for access`,
    reminder: ({ who }) => `${who} still waits for a decision`,
    approved: ({ who }) => `The request of ${who} is approved`,
    rejected: ({ who }) => `The request of ${who} was rejected`,
    cancelled: ({ who }) => `The request of ${who} was cancelled`,
    expired: ({ who }) => `The request of ${who} expired`,
    active: ({ who }) => `${who} has access now`,
    ending_soon: ({ who }) => `The access of ${who} ends soon`,
    ended: ({ who }) => `The access of ${who} has ended`,
    revoked: ({ who }) => `The access of ${who} was revoked`,
    failed: ({ who }) => `The access of ${who} could not be given`,
    break_glass_used: ({ who }) => `${who} used break-glass`,
    review_due: ({ who }) => `The break-glass access of ${who} still waits for its review`,
    excess_added: ({ who }) => `Access of ${who} appeared after its end`,
  },
  ownHeading: {
    requested: 'Your request waits for approval',
    reminder: 'Your request still waits for approval',
    approved: 'Your request is approved',
    rejected: 'Your request was rejected',
    cancelled: 'Your request was cancelled',
    expired: 'Your request expired',
    active: 'Your access is active',
    ending_soon: 'Your access ends soon',
    ended: 'Your access has ended',
    revoked: 'Your access was revoked',
    failed: 'Your access could not be given',
    break_glass_used: 'You used break-glass',
    review_due: 'Your break-glass access still waits for its review',
    excess_added: 'Your access appeared after its end',
  },
  decide: {
    subject: ({ who, access }) => `Approval needed: ${who} asks for ${access}`,
    ask: ({ who, set, account }) =>
      `${who} asks for ${set} in ${account}. You are one of those who can decide.`,
    needed: ({ needed, count }) =>
      needed === 1
        ? `One approval is enough; ${people(count)} can give it.`
        : `${needed} approvals are needed; ${people(count)} can give them.`,
    expires: (at) => `Without a decision the request expires on ${at}.`,
    link: 'Open the request and decide',
    linkOnlyOpens: 'The link only opens the page. Nothing is decided until you decide there.',
  },
  wait: {
    needed: ({ needed, count }) =>
      needed === 1
        ? `${people(count)} can approve it, and one approval is enough.`
        : `${people(count)} can approve it, and ${needed} approvals are needed.`,
    next: (at) =>
      `You are told when it is decided. Without a decision it expires on ${at}. You can cancel it on its page.`,
  },
  approved: {
    notNeeded: 'No approval was needed.',
    startsLater: (at) => `Access starts on ${at}. You are told when AWS has confirmed it.`,
    startsNow: 'TEAM is setting it up in AWS. You are told as soon as it can be used.',
    nothingToDo: 'There is nothing left to decide.',
  },
  rejected: {
    noAccess: 'No access was given.',
    ownNext: 'If you still need it, talk to whoever rejected it, or ask again and say more.',
  },
  cancelled: {
    noAccess: 'No access was given.',
    removed: 'What TEAM had begun to set up in AWS is removed.',
  },
  expired: {
    noAccess: 'Nobody decided in time. No access was given.',
    parentOver:
      'The access that it was to extend was over before anybody decided. Nothing was extended.',
    ownNext: 'If you still need it, ask again.',
  },
  active: {
    until: (at) => `AWS has confirmed the access. It ends by itself on ${at}.`,
    how: ({ set, account }) =>
      `To use it, open the AWS access portal and choose ${account}, ${set}.`,
    giveBack: 'If you are done earlier, give it back on the page of the request.',
    revoke: 'It can be revoked at any time on the page of the request.',
  },
  endingSoon: {
    until: (at) => `It ends by itself on ${at}.`,
    extend:
      'If you need it for longer, ask for an extension now: the link opens the page with the dialog.',
    nothing: 'If you do not, there is nothing to do.',
    link: 'Ask for an extension',
  },
  over: {
    removed: 'AWS has confirmed that the access is removed.',
    released:
      'It was handed over: what stands in AWS is not managed by TEAM any more and was not removed.',
    covered: 'Another grant covers the same access, which therefore goes on until that one ends.',
    credentials: (until) => `Credentials taken before the end can work until ${until}.`,
    revokedNext: 'If you need it again, make a new request.',
  },
  failed: {
    nothingLeft: 'TEAM leaves nothing of it in AWS.',
    ownNext: 'You can ask again. If it fails again, tell an administrator of TEAM.',
    adminNext: 'Please look at the request: it may concern others as well.',
  },
  breakGlass: {
    taken: ({ who, set, account }) =>
      `${who} took ${set} in ${account} in an emergency. Nobody had to approve it.`,
    ownTaken:
      'Nobody had to approve it. Those who could have, the auditors and the administrators are told.',
    due: (at) => `Somebody who could have approved it is to review it by ${at}.`,
    wasDue: (at) => `The review was due on ${at}.`,
    ask: 'You are one of those who can. Read what was done, and say on its page whether it was justified.',
    barred: ({ who }) => `Until it is reviewed, ${who} gets no further break-glass.`,
    ownBarred:
      'Until it is reviewed, you get no further break-glass. Ask somebody who could have approved it.',
    revoke: 'An approver or an administrator can revoke it on its page at any time.',
    link: 'Open the request and review it',
  },
  excessAdded: {
    why: 'A call to AWS whose answer had been lost took effect after all. TEAM was watching for that.',
    span: ({ from, to }) =>
      `The access was there from ${from} at the earliest, and is removed since ${to}.`,
    counted: 'The time is counted as excess access of the request.',
  },
  label: {
    requester: 'Requester',
    account: 'Account',
    permissionSet: 'Permission set',
    starts: 'Start',
    startsAtOnce: 'as soon as it is approved',
    ends: 'End',
    ended: 'Ended',
    duration: 'Duration',
    justification: 'Justification',
    ticket: 'Ticket',
    approvers: 'Can approve',
    approvedBy: 'Approved by',
    rejectedBy: 'Rejected by',
    cancelledBy: 'Cancelled by',
    returnedBy: 'Given back by',
    revokedBy: 'Revoked by',
    comment: 'Comment',
    reason: 'Reason',
    excess: 'Longer than planned by',
    credentials: 'Credentials',
    request: 'Request',
  },
  reason: {
    time: 'The time was up',
    time_up: 'The time was up',
    returned: 'Given back',
    revoked: 'Revoked',
    revoked_outside: 'Removed in AWS, outside TEAM',
    ended_before_restore: 'It had ended before the database was restored',
    released: 'Handed over to others; TEAM did not remove it',
    lost_eligibility: 'The policies no longer allow it',
    person_disabled: 'The person was disabled in the directory',
    target_gone: 'The account or permission set no longer exists',
    account_not_active: 'The account is suspended or closed',
    management_account: 'The account is the management account',
    permission_set_in_management_account: 'The permission set is used in the management account',
    parent_over: 'The access to be extended had ended before',
  },
  said: ({ by, at }) => `${by}, ${at}`,
  saidBy: (by) => by,
  link: { request: 'Open the request', portal: 'Open the AWS access portal' },
  footer: {
    requester: 'You get this mail because you made the request.',
    approver: 'You get this mail because you can decide on the request, or have decided.',
    auditor: 'You get this mail because you are an auditor of TEAM.',
    admin: 'You get this mail because you are an administrator of TEAM.',
  },
  test: {
    heading: 'A test from TEAM',
    text: 'An administrator asked for this message on the page of the settings. The channel works.',
    link: 'Open the settings',
  },
  noticeLine: (noticeId) => `Notice ${noticeId}`,
  noReply: 'Sent by TEAM (temporary elevated access management). Replies are not read.',
}
