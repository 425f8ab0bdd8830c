/**
 * Directory refresh. Name: `directory refresh`. What: reads users, groups, memberships, accounts,
 * OUs and permission sets from AWS and brings the replica up to date. How often: so that what the
 * replica says is at most 5 minutes old, reading included; after a failure, a minute later; at once
 * when somebody asks. Who: the leader, one at a time. At most: one reading's worth of changes.
 *
 * Its row is its lease. It is `running` while it is read; whoever leads next declares a running one
 * over, and applying begins with ending one's own row, so that an old leader's reading is never
 * applied over a newer one. Death at any moment leaves a running row, and the next pass begins anew.
 *
 *   queued ──> running ──> applied
 *                 ├──────> held ──> accepted | discarded    nothing was removed; an administrator says
 *                 └──────> failed                           nothing was changed
 *
 * An acceptance is of certain removals, and removes nothing by itself: the next reading that begins
 * after it is applied if it would remove nothing else, and held anew if it would.
 *
 * An event is written where somebody asked, something changed, or it is held, or fails, for the first
 * time in a row; a refresh that finds nothing new, every five minutes, is not news.
 */
import type { Kysely, Transaction } from 'kysely'
import type { TellOverseers } from '#server/store/announce-port.ts'
import {
  type Change,
  type ChangeOptions,
  change,
  type EventDraft,
  systemActor,
} from '#server/store/change.ts'
import {
  addInParts,
  applyDifference,
  type PreparedSnapshot,
  prepareSnapshot,
  readReplica,
} from '#server/store/directory.ts'
import { applyContents, nextPermissionSetToRead } from '#server/store/directory-contents.ts'
import {
  beginRefresh,
  discardHeld,
  endRefresh,
  hasQueuedRefresh,
  heldRefresh,
  holdRunning,
  latestRefresh,
  type Refresh,
  type RefreshEnd,
} from '#server/store/directory-refreshes.ts'
import {
  allRemovalsOf,
  countsOf,
  type DirectoryDifference,
  type DirectorySnapshot,
  holdReason,
  isWithin,
  removalsOf,
} from '#server/store/directory-snapshot.ts'
import { namesOfUsers } from '#server/store/people.ts'
import {
  type Acceptance,
  acceptanceFor,
  rememberRemovals,
  spendAcceptance,
} from '#server/store/removal-sets.ts'
import type { DirectoryRemovals, Schema } from '#server/store/schema.ts'
import type { DirectoryReader } from './directory-port.ts'

const ageMsMax = 5 * 60_000
const intervalMsMin = 60_000
const retryMs = 60_000

export interface DirectoryRefreshDeps {
  readonly db: Kysely<Schema>
  readonly reader: DirectoryReader
  readonly clock: { now(): Date | Promise<Date> }
  readonly tellOverseers: TellOverseers
  readonly log: {
    info(facts: object, message: string): void
    warn(facts: object, message: string): void
  }
}

export interface RefreshRun extends ChangeOptions {
  /** Ends the reading: the lead is lost, or the program stops. */
  readonly signal?: AbortSignal
}

export interface RefreshResult {
  readonly refreshId: string
  readonly state: 'applied' | 'failed' | 'held'
  readonly failure: string | null
  readonly changed: boolean
  readonly readMs: number
  readonly applyMs: number
}

export interface DirectoryRefresh {
  /** Called by the leader often. Null: nothing is due, or one is running here. Never throws. */
  refreshIfDue(now: Date, run?: RefreshRun): Promise<RefreshResult | null>
  /** Reads one permission set's contents. False: none is due, or AWS cannot be asked now. */
  readContentsIfDue(now: Date): Promise<boolean>
}

/** Another leader declared this refresh over while it was read. */
class Superseded extends Error {
  constructor() {
    super('another copy leads now and has begun a refresh of its own')
  }
}

/** An administrator took the word back while this was read. */
class TakenBack extends Error {
  constructor() {
    super('the acceptance was taken back')
  }
}

export function createDirectoryRefresh(deps: DirectoryRefreshDeps): DirectoryRefresh {
  const { db, reader, clock, log, tellOverseers } = deps
  let isRunning = false

  async function run(now: Date, options: RefreshRun): Promise<RefreshResult> {
    const previous = await latestRefresh(db)
    const refresh = await change(db, now, ({ tx }) => beginRefresh(tx, now), options)
    const startedMs = performance.now()
    try {
      const snapshot = await read(options.signal)
      const readMs = performance.now() - startedMs
      const applied = await apply({ refresh, snapshot, options, clock, db, tellOverseers })
      const applyMs = performance.now() - startedMs - readMs
      log.info(
        { refresh: refresh.refreshId, readMs, applyMs, notes: snapshot.notes },
        applied.state,
      )
      return { refreshId: refresh.refreshId, ...applied, readMs, applyMs }
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      log.warn({ refresh: refresh.refreshId, failure }, 'the directory refresh failed')
      const isNews = refresh.askedBy !== null || previous?.state !== 'failed'
      await recordFailure({ refresh, failure, isNews, options, clock, db })
      const readMs = performance.now() - startedMs
      const { refreshId } = refresh
      return { refreshId, state: 'failed', failure, changed: false, readMs, applyMs: 0 }
    }
  }

  async function read(signal: AbortSignal | undefined): Promise<DirectorySnapshot> {
    const replica = await readReplica(db)
    return reader.readAll({
      known: {
        permissionSets: replica.permissionSets,
        accountIds: replica.accounts.map((account) => account.accountId),
        userIds: replica.users.map((user) => user.userId),
        groupIds: replica.groups.map((group) => group.groupId),
        memberships: replica.memberships,
      },
      ...(signal === undefined ? {} : { signal }),
    })
  }

  return {
    async refreshIfDue(now, options = {}) {
      if (isRunning) return null
      isRunning = true
      try {
        return (await isDue(db, now)) ? await run(now, options) : null
      } catch (error) {
        log.warn({ error }, 'the directory refresh could not be recorded')
        return null
      } finally {
        isRunning = false
      }
    },
    async readContentsIfDue(now) {
      const arn = await nextPermissionSetToRead(db, now)
      if (arn === null) return false
      const reading = await reader.readContents(arn)
      if (reading.kind !== 'read') {
        log.warn({ permissionSet: arn, why: reading.message }, 'its contents were not read')
      }
      if (reading.kind === 'unavailable') return false
      const contents = reading.kind === 'read' ? reading.contents : null
      await applyContents(db, await clock.now(), { arn, contents })
      return true
    },
  }
}

async function isDue(db: Kysely<Schema>, now: Date): Promise<boolean> {
  if (await hasQueuedRefresh(db)) return true
  const latest = await latestRefresh(db)
  return latest === null || now >= nextDueAt(latest)
}

/** What a refresh shows is as old as its beginning, until the next one is applied. */
export function nextDueAt(latest: Pick<Refresh, 'state' | 'startedAt' | 'finishedAt'>): Date {
  const startedMs = latest.startedAt.getTime()
  // Nobody who leads now reads it: it belongs to a copy that stopped.
  if (latest.finishedAt === null) return latest.startedAt
  const finishedMs = latest.finishedAt.getTime()
  if (latest.state === 'failed') return new Date(finishedMs + retryMs)
  const tookMs = Math.max(0, finishedMs - startedMs)
  return new Date(Math.max(startedMs + ageMsMax - tookMs, startedMs + intervalMsMin))
}

interface Applying {
  readonly refresh: Refresh
  readonly options: RefreshRun
  readonly clock: DirectoryRefreshDeps['clock']
  readonly db: Kysely<Schema>
}

async function apply({
  refresh,
  snapshot,
  options,
  clock,
  db,
  tellOverseers,
}: Applying & { snapshot: DirectorySnapshot; tellOverseers: TellOverseers }) {
  const prepared = await prepareSnapshot(db, snapshot)
  const { difference, before } = prepared
  const removals = removalsOf(difference)
  const tooMuch = holdReason(countsOf(before), removals)
  const accepted = tooMuch === null ? null : await acceptanceFor(db, refresh.startedAt)
  const isAccepted = accepted !== null && isWithin(allRemovalsOf(difference), accepted.removals)
  const failure = isAccepted ? null : tooMuch
  const state = failure === null ? ('applied' as const) : ('held' as const)
  const at = await clock.now()
  const readAt = refresh.startedAt
  const hold = async (tx: Transaction<Schema>) => {
    if (!(await holdRunning(tx, refresh.refreshId))) throw new Superseded()
  }
  await addInParts(db, at, { difference, readAt, hold }, options)
  const changed = await change(
    db,
    at,
    async (c) => {
      const order = { difference, readAt, remove: state === 'applied' }
      const waiting = await heldRefresh(c.tx)
      await spendWord(c, { accepted, isAccepted, state })
      const end = await endOf(c, state, { failure, snapshot, prepared })
      if (!(await endRefresh(c.tx, refresh.refreshId, at, end))) throw new Superseded()
      const didChange = await applyDifference(c, order)
      const waits = waiting?.state === 'held' && removesAsMany(waiting.removals, removals)
      const isNewlyHeld = state === 'held' && !waits
      if (didChange || isNewlyHeld || refresh.askedBy !== null) {
        const word = isAccepted ? { acceptedBy: accepted.by, accepted: accepted.refreshId } : {}
        await recordEvent(c, refresh, state, { ...payloadOf(difference, failure), ...word })
      }
      if (isNewlyHeld) {
        const { refreshId } = refresh
        await tellOverseers(c, { event: 'refresh_held', facts: { refreshId } })
      }
      return didChange
    },
    options,
  )
  return { state, failure, changed }
}

/**
 * A word is good for one complete reading. Once one is applied, what was held before it is of no
 * interest: it was a bad reading, or it is in what was applied.
 */
async function spendWord(
  c: Change,
  word: { accepted: Acceptance | null; isAccepted: boolean; state: 'applied' | 'held' },
): Promise<void> {
  const { accepted, isAccepted, state } = word
  const isStill = accepted !== null && (await spendAcceptance(c.tx, accepted.refreshId, c.at))
  if (isAccepted && !isStill) throw new TakenBack()
  if (state === 'applied') await discardHeld(c.tx)
}

function removesAsMany(
  before: DirectoryRemovals | null | undefined,
  now: DirectoryRemovals,
): boolean {
  if (!before) return false
  // jsonb keeps no order of keys, so each kind is compared by its name.
  const counts = (removals: DirectoryRemovals) =>
    Object.entries(removals).map(([kind, { count }]) => `${kind} ${count}`)
  return new Set(counts(before)).symmetricDifference(new Set(counts(now))).size === 0
}

interface Found {
  readonly failure: string | null
  readonly snapshot: DirectorySnapshot
  readonly prepared: PreparedSnapshot
}

async function endOf(
  c: Change,
  state: 'applied' | 'held',
  { failure, snapshot, prepared }: Found,
): Promise<RefreshEnd> {
  const end = { state, failure, counts: countsOf(snapshot), notes: snapshot.notes }
  if (state === 'applied') return { ...end, removals: null }
  const removalSetId = await rememberRemovals(c.tx, allRemovalsOf(prepared.difference))
  return { ...end, removals: removalsOf(prepared.difference), removalSetId }
}

async function recordFailure({
  refresh,
  failure,
  isNews,
  options,
  clock,
  db,
}: Applying & { failure: string; isNews: boolean }): Promise<void> {
  await change(
    db,
    await clock.now(),
    async (c) => {
      const end: RefreshEnd = { state: 'failed', counts: null, failure, removals: null, notes: [] }
      const mine = await endRefresh(c.tx, refresh.refreshId, c.at, end)
      if (mine && isNews) await recordEvent(c, refresh, 'failed', { failure })
    },
    options,
  )
}

async function recordEvent(
  c: Change,
  refresh: Refresh,
  result: RefreshEnd['state'],
  payload: object,
): Promise<void> {
  const { askedBy: id, refreshId } = refresh
  const actor: EventDraft['actor'] =
    id === null ? systemActor : { type: 'user', id, name: (await namesOfUsers(c.tx, [id]))(id) }
  const object = { type: 'directory', id: refreshId }
  c.event({ actor, action: 'directory.refresh', object, result, payload })
}

const idsToldMax = 50

/** Enough for an auditor to see who went; the rows themselves tell the rest. */
function payloadOf(difference: DirectoryDifference, held: string | null): object {
  const disabled = difference.users.changed.filter((user) => !user.enabled)
  const removals = removalsOf(difference)
  const counts = Object.fromEntries(
    Object.entries(difference).map(([kind, { added, changed, removed }]) => [
      kind,
      { added: added.length, changed: changed.length, removed: removed.length },
    ]),
  )
  return {
    held,
    ...counts,
    usersNowDisabled: disabled.slice(0, idsToldMax).map((user) => user.userId),
    usersRemoved: removals.users.ids.slice(0, idsToldMax),
    accountsRemoved: removals.accounts.ids.slice(0, idsToldMax),
    permissionSetsRemoved: removals.permissionSets.ids.slice(0, idsToldMax),
  }
}
