/**
 * Notices that are not about one request: an alarm's, a held refresh's, a key's that was handed over.
 * What they say is read when they are sent, and one that says nothing any more is dropped.
 */
import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import type { GroupId, UserId } from '#core/ids.ts'
import { loadCreationHold } from '#server/store/creation-hold.ts'
import { isEmpty, loadDigest } from '#server/store/digest.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { loadRefresh } from '#server/store/directory-refreshes.ts'
import { lateAlarms } from '#server/store/late-alarms.ts'
import { loadStoredKey } from '#server/store/ledger-keys.ts'
import { loadPerson, namesOfUsers } from '#server/store/people.ts'
import { listPolicyVersions } from '#server/store/policy-history.ts'
import { loadProposal, type StoredProposal } from '#server/store/proposals.ts'
import { loadRequests } from '#server/store/requests.ts'
import type { NoticeTable, Schema } from '#server/store/schema.ts'
import { type ApproversOf, overseers } from './audience.ts'
import { isStandingReceiver } from './channel-port.ts'
import { type BulletinView, composeBulletin } from './email/compose-bulletin.ts'
import type { Standing } from './email/view.ts'
import { placeOf } from './preferences.ts'
import { type Ended, end, type Prepared } from './prepared.ts'

export interface BulletinPorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly approversOf: ApproversOf
  readonly publicUrl: string
}

type Content = BulletinView['content']

interface Receiver {
  readonly id: UserId
  readonly standing: Standing
}

/** Alarms that one mail lists; the rest are counted. */
export const alarmsListedMax = 20
const namesShownMax = 10

const standing = z.enum(['requester', 'approver', 'auditor', 'admin'])
const factsOf = {
  key_released: z.object({
    standing,
    keyId: z.int(),
    by: z.string(),
    comment: z.string(),
    at: z.coerce.date(),
  }),
  rules_changed: z.object({
    standing,
    object: z.object({
      type: z.enum(['eligibility-policy', 'approver-policy', 'setting']),
      id: z.string(),
    }),
    verb: z.enum(['create', 'update', 'delete']),
    version: z.int(),
    widens: z.array(z.string()),
    by: z.string(),
    acceptedBy: z.string().nullable(),
    at: z.coerce.date(),
  }),
  change_proposed: z.object({ standing, proposalId: z.string() }),
  records_loosened: z.object({
    standing,
    what: z.enum(['person_erased', 'hold_released']),
    who: z.string().nullable(),
    by: z.string(),
    reason: z.string(),
    at: z.coerce.date(),
  }),
  refresh_held: z.object({ standing, refreshId: z.string() }),
  creations_held: z.object({ standing, reason: z.string() }),
  removal_late: z.object({ standing, alarmIds: z.array(z.int()) }),
  digest: z.object({ standing }),
} as const
type BulletinEvent = keyof typeof factsOf

export function isBulletinEvent(event: string): event is BulletinEvent {
  return Object.hasOwn(factsOf, event)
}

type BulletinNotice = Selectable<NoticeTable> & { readonly event: BulletinEvent }

export async function prepareBulletin(
  ports: BulletinPorts,
  notice: BulletinNotice,
): Promise<Prepared> {
  const { db, publicUrl } = ports
  // An id of the directory, from our own row, or of a receiver that is no person.
  const id = notice.receiver_id as UserId
  if ((await loadPerson(db, id))?.enabled === false)
    return end('dropped', 'The receiver is disabled')
  const receiver = { id, standing: factsOf[notice.event].parse(notice.facts).standing }
  if (!(await isStill(db, receiver))) return end('dropped', 'The receiver has another role now')
  const content = await contentOf(ports, notice, receiver)
  if (content.kind === 'end') return content
  const place = await placeOf(db, id)
  const letter = composeBulletin({ place, standing: receiver.standing, publicUrl, content })
  const thread = `notice-${content.thread}`
  return { kind: 'send', content: { thread, letter, request: null, mayDecide: false } }
}

/** Those who make or decide on requests are asked about at each of them. */
async function isStill(db: Kysely<Schema>, { id, standing: one }: Receiver): Promise<boolean> {
  if (isStandingReceiver(id)) return true
  const { auditors, admins } = await overseers(db)
  if (one === 'auditor') return [...auditors].includes(id)
  return one === 'admin' ? [...admins].includes(id) : true
}

function contentOf(
  ports: BulletinPorts,
  notice: BulletinNotice,
  receiver: Receiver,
): Promise<Content | Ended> {
  switch (notice.event) {
    case 'key_released':
      return released(ports.db, factsOf.key_released.parse(notice.facts))
    case 'rules_changed':
      return rulesChanged(ports.db, factsOf.rules_changed.parse(notice.facts))
    case 'change_proposed':
      return changeProposed(ports.db, factsOf.change_proposed.parse(notice.facts).proposalId)
    case 'records_loosened':
      return Promise.resolve(loosened(factsOf.records_loosened.parse(notice.facts)))
    case 'refresh_held':
      return refreshHeld(ports.db, factsOf.refresh_held.parse(notice.facts).refreshId)
    case 'creations_held':
      return creationsHeld(ports.db)
    case 'removal_late':
      return late(ports, factsOf.removal_late.parse(notice.facts).alarmIds, receiver)
    case 'digest':
      return digestOf(ports)
    default:
      return notice.event satisfies never
  }
}

async function released(
  db: Kysely<Schema>,
  facts: z.output<typeof factsOf.key_released>,
): Promise<Content | Ended> {
  const key = await loadStoredKey(db, facts.keyId)
  if (key === null) return end('dropped', 'The key is gone')
  return {
    kind: 'key_released',
    thread: `key-${facts.keyId}`,
    who: `${key.displayName} (${key.userName})`,
    access: { set: key.permissionSetName, account: key.accountName, accountId: key.accountId },
    by: facts.by,
    comment: facts.comment,
    at: facts.at,
  }
}

/** A change stays news, whatever became of it since. */
async function rulesChanged(
  db: Kysely<Schema>,
  facts: z.output<typeof factsOf.rules_changed>,
): Promise<Content> {
  const { object, verb, version, standing: _, ...rest } = facts
  const whose = object.type === 'eligibility-policy' ? await subjectName(db, object.id) : null
  const thread = `${object.type}-${object.id}`
  return { kind: 'rules_changed', thread, object, verb, version, whose, ...rest }
}

async function changeProposed(db: Kysely<Schema>, proposalId: string): Promise<Content | Ended> {
  const proposal = await loadProposal(db, proposalId)
  if (proposal?.state !== 'waiting') return end('dropped', 'The proposal waits for no word')
  const { object, verb, widens, author, proposedAt: at, expiresAt } = proposal
  const whose = object.type === 'eligibility-policy' ? subjectOf(proposal) : null
  return {
    kind: 'change_proposed',
    thread: `proposal-${proposalId}`,
    proposalId,
    object,
    verb,
    whose: whose && (await nameOfSubject(db, whose)),
    widens,
    by: author.userName,
    at,
    expiresAt,
  }
}

const WithSubject = z.object({ subject: z.object({ id: z.string() }) })

function subjectOf({ before, after }: Pick<StoredProposal, 'before' | 'after'>): string | null {
  return WithSubject.safeParse(after ?? before).data?.subject.id ?? null
}

/** By the last version that says whose it is; the one that deletes a policy says nothing. */
async function subjectName(db: Kysely<Schema>, policyId: string): Promise<string | null> {
  for (const { body } of await listPolicyVersions(db, 'eligibility', policyId)) {
    const id = subjectOf({ before: null, after: body })
    if (id !== null) return nameOfSubject(db, id)
  }
  return null
}

async function nameOfSubject(db: Kysely<Schema>, id: string): Promise<string> {
  // An id of the directory, whichever it is: it is looked for as both.
  const ids = { userIds: [id as UserId], groupIds: [id as GroupId], ouIds: [] }
  return (await loadExcerpt(db, ids)).nameOf(id) ?? id
}

function loosened({
  what,
  who,
  by,
  reason,
  at,
}: z.output<typeof factsOf.records_loosened>): Content {
  return { kind: 'records_loosened', thread: 'records', what, who, by, reason, at }
}

async function refreshHeld(db: Kysely<Schema>, refreshId: string): Promise<Content | Ended> {
  const refresh = await loadRefresh(db, refreshId)
  if (refresh?.state !== 'held' || refresh.removals === null) {
    return end('dropped', 'The refresh waits for no word any more')
  }
  const { users } = refresh.removals
  const shown = users.ids.slice(0, namesShownMax)
  const nameOf = await namesOfUsers(db, shown)
  return {
    kind: 'refresh_held',
    thread: 'directory',
    counts: Object.entries(refresh.removals).map(([kind, { count }]) => ({
      // The keys of the record are its kinds; Object.entries forgets it.
      kind: kind as keyof typeof refresh.removals,
      count,
    })),
    users: shown.map(nameOf),
    at: refresh.finishedAt ?? refresh.startedAt,
  }
}

async function creationsHeld(db: Kysely<Schema>): Promise<Content | Ended> {
  const hold = await loadCreationHold(db)
  if (hold === null) return end('dropped', 'TEAM gives access again')
  return { kind: 'creations_held', thread: 'hold', reason: hold.reason, at: hold.since }
}

async function digestOf({ db, clock }: BulletinPorts): Promise<Content | Ended> {
  const at = await clock.now()
  const digest = await loadDigest(db, at)
  if (isEmpty(digest)) return end('dropped', 'Nothing is late, failing or waiting any more')
  return { kind: 'digest', thread: 'digest', at, ...digest }
}

async function late(
  ports: BulletinPorts,
  alarmIds: readonly number[],
  receiver: Receiver,
): Promise<Content | Ended> {
  const known = await lateAlarms(ports.db, { ids: alarmIds })
  const isOverseer = receiver.standing === 'auditor' || receiver.standing === 'admin'
  const open = known.filter(({ overAt }) => overAt === null)
  const told = open.length === 0 && isOverseer ? known : open
  const theirs = []
  for (const alarm of told) {
    if (await concerns(ports, alarm, receiver)) theirs.push(alarm)
    if (theirs.length === alarmsListedMax) break
  }
  if (theirs.length === 0) return end('dropped', 'The removals are confirmed')
  return {
    kind: 'removal_late',
    thread: 'late',
    count: theirs.length < alarmsListedMax ? theirs.length : told.length,
    isOver: open.length === 0,
    isOwn: theirs.every(({ userId }) => userId === receiver.id),
    alarms: theirs,
  }
}

async function concerns(
  { db, approversOf }: BulletinPorts,
  alarm: Awaited<ReturnType<typeof lateAlarms>>[number],
  { id, standing: one }: Receiver,
): Promise<boolean> {
  if (one === 'auditor' || one === 'admin') return true
  if (alarm.userId === id || alarm.deciderIds.includes(id)) return true
  for (const request of await loadRequests(db, alarm.requestIds)) {
    if ((await approversOf(db, request)).includes(id)) return true
  }
  return false
}
