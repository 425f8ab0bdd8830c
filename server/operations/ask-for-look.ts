/** "Read from AWS now": one look serves everybody who asks about the same for a minute. */
import type { AccessLook as ShownLook } from '#contract/access.ts'
import type { AccountId } from '#core/ids.ts'
import {
  type AccessLook,
  countOpenLooks,
  insertLook,
  type LookSubject,
  latestLook,
  loadLookAsked,
} from '#server/store/access-looks.ts'
import { loadPerson } from '#server/store/people.ts'
import type { Rules } from '#server/store/rules.ts'
import { heldByTeam, sightingsOf } from '#server/store/standing-access.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import type { ReadPorts } from './read-request.ts'
import { Refused } from './refused.ts'

/** Also the age up to which a look at a target or an account is not repeated. */
export const lookAgeMsMax = 60_000
export const openLooksMax = 20
export const accountsInALookMax = 1_000

export async function askForLook(
  ports: ReadPorts & ChangePorts,
  actor: Actor,
  subject: LookSubject,
): Promise<ShownLook> {
  const accounts = await accountsOf(ports, subject)
  const latest = await latestLook(ports.db, subject)
  const now = await ports.clock.now()
  if (latest && (latest.state === 'open' || isFresh(latest, now))) return showLook(latest)
  if ((await countOpenLooks(ports.db)) >= openLooksMax) {
    throw new Refused('rate_limited', {
      detail: `TEAM is reading ${openLooksMax} accounts and people from AWS already. Try again when one is done.`,
      params: { openLooksMax },
    })
  }
  const asked = await makeChange(ports, async (c) => {
    const order = { subject, askedBy: actor.person.userId, at: c.at, accounts }
    const look = await insertLook(c.tx, order)
    if (look === null) return null
    c.event({
      actor: eventActorOf(actor),
      action: 'access.look',
      object: subject,
      payload: { lookId: look.lookId, accounts: accounts.length },
    })
    c.changed('access-look', look.lookId)
    return look
  })
  // Somebody else asked in the same moment: theirs serves both.
  const look = asked ?? (await latestLook(ports.db, subject))
  if (look === null) throw new Error('A look that is open is not there')
  return showLook(look)
}

function isFresh({ state, finishedAt }: AccessLook, now: Date): boolean {
  return (
    state === 'done' && finishedAt !== null && now.getTime() - finishedAt.getTime() < lookAgeMsMax
  )
}

/**
 * AWS lists a person's assignments to the management account only, which TEAM does not act from. So
 * a person is looked for where they may ask, and where they or their groups have been seen.
 */
async function accountsOf(ports: ReadPorts, subject: LookSubject): Promise<AccountId[]> {
  const rules = await ports.rules.load(ports.db)
  if (subject.type === 'account') {
    refuseUnreadable(rules, subject.id)
    return [subject.id]
  }
  const person = await loadPerson(ports.db, subject.id)
  if (person === null) throw new Refused('not_found')
  const seen = await sightingsOf(ports.db, person)
  const held = await heldByTeam(ports.db, { userId: person.userId })
  const accountIds = new Set([
    ...[...seen, ...held].map((one) => one.accountId),
    ...rules.evaluator.eligibleAccounts(person).map((one) => one.accountId),
  ])
  return [...accountIds]
    .filter((id) => rules.directory.accounts.get(id)?.isManagement === false)
    .slice(0, accountsInALookMax)
}

function refuseUnreadable({ directory }: Rules, accountId: AccountId): void {
  const account = directory.accounts.get(accountId)
  if (account === undefined) throw new Refused('not_found')
  if (!account.isManagement) return
  throw new Refused('out_of_reach', {
    detail: 'TEAM cannot read the management account: it acts from the delegated administrator.',
    params: { reason: 'management_account' },
  })
}

export async function readLook(ports: ReadPorts, lookId: string): Promise<ShownLook> {
  const look = await loadLookAsked(ports.db, lookId)
  if (look === null) throw new Refused('not_found')
  return showLook(look)
}

export function showLook(look: AccessLook): ShownLook {
  const { subject } = look
  return {
    id: look.lookId,
    accountId: subject.type === 'account' ? subject.id : null,
    userId: subject.type === 'user' ? subject.id : null,
    state: look.state,
    askedAt: look.askedAt.toISOString(),
    begunAt: look.begunAt?.toISOString() ?? null,
    finishedAt: look.finishedAt?.toISOString() ?? null,
    accountsTotal: look.accountsTotal,
    accountsDone: look.accountsDone,
    targetsDone: look.targetsDone,
    targetsLeft: look.account?.setsLeft.length ?? 0,
    failure: look.failure,
  }
}
