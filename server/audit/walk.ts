/**
 * One walk along the chain, of a database or of an export. What it knows of is said at the end:
 *
 * - Events that retention cut off the beginning (retention.ts). Then the first event names a hash
 *   that is not the genesis, and a later `audit.cut` must name that number and that hash.
 * - Payloads that were erased. Each must be named by a later `audit.erase`.
 * - Anchors: heads that were noted outside the database.
 */
import { genesisHash } from './chain.ts'
import {
  brokenAt,
  cutAction,
  eraseAction,
  eventObjectType,
  type Link,
  type StoredEvent,
} from './check.ts'

/** A head that was noted outside the database at some time. */
export interface Anchor {
  readonly seq: number
  /** Hex. */
  readonly hash: string
  /** When it was noted, if that is known. */
  readonly at?: Date
}

export interface WalkOptions {
  readonly anchors?: readonly Anchor[]
  /** A filtered export: events are left out, and only neighbours can be held against each other. */
  readonly isPart?: boolean
}

export interface Walk {
  /** Null: something that is no event. False: nothing that follows can matter any more. */
  take(batch: readonly (StoredEvent | null)[]): boolean
  count(): number
  last(): Link
  /** The number of the first event that is there; 1 unless retention has cut. */
  first(): number
  /** The first broken event, all in all; `head`: what the trail must end with, if that is known. */
  end(head: Link | null): number | null
}

/** Requests and events are kept for seven years (the domain's "Retention"). */
export const keptYears = 7

interface State {
  start: Link
  previous: Link
  count: number
  broken: number | null
  readonly erased: Set<number>
  /** When the beginning was cut, if an event says so. */
  cutAt: Date | null
}

export function startWalk({ anchors = [], isPart = false }: WalkOptions = {}): Walk {
  const anchored = new Map(anchors.map(({ seq, hash }) => [seq, hash.toLowerCase()]))
  const genesis: Link = { seq: 0, hash: genesisHash }
  const state: State = {
    start: genesis,
    previous: genesis,
    count: 0,
    broken: null,
    erased: new Set(),
    cutAt: null,
  }

  function accept(event: StoredEvent | null): boolean {
    if (state.broken !== null) return search(state, event)
    if (event === null) {
      state.broken = state.previous.seq + 1
      return search(state, event)
    }
    if (state.count === 0 && event.seq > 1 && Number.isSafeInteger(event.seq)) begin(state, event)
    if (isPart && event.seq > state.previous.seq + 1) jump(state, event)
    state.broken = brokenAt(state.previous, event)
    if (state.broken === null && !matchesAnchor(event, anchored)) state.broken = event.seq
    if (state.broken !== null) return search(state, event)
    remember(state, event)
    return true
  }

  return {
    take: (batch) => batch.every(accept),
    count: () => state.count,
    last: () => state.previous,
    first: () => (isPart ? 1 : state.start.seq + 1),
    end(head) {
      const { start, previous, erased, broken } = state
      if (isPart) return broken
      if (start.seq > 0 && !isCutLawful(state, anchors)) return 1
      if (broken !== null) return broken
      const lost = anchors.some(({ seq }) => seq > previous.seq)
      const isWhole = head === null || isSame(previous, head)
      if (!isWhole || lost) return Math.min(previous.seq, head?.seq ?? previous.seq) + 1
      return erased.size === 0 ? null : Math.min(...firstOf(erased))
    },
  }
}

function begin(state: State, event: StoredEvent): void {
  state.start = { seq: event.seq - 1, hash: event.previousHash }
  state.previous = state.start
}

/**
 * What follows the break cannot be judged, but whether the beginning was cut by retention or by
 * somebody else stands near the end.
 */
function search(state: State, event: StoredEvent | null): boolean {
  if (event !== null) rememberCut(state, event)
  return state.start.seq > 0 && state.cutAt === null
}

function jump(state: State, event: StoredEvent): void {
  state.previous = { seq: event.seq - 1, hash: event.previousHash }
}

function remember(state: State, event: StoredEvent): void {
  state.previous = event
  state.count += 1
  if (event.payload === null) state.erased.add(event.seq)
  const { type, id } = event.object
  const isErasure = event.action === eraseAction && type === eventObjectType
  if (isErasure && isNumber.test(id)) state.erased.delete(Number(id))
  rememberCut(state, event)
}

const isNumber = /^[1-9]\d*$/

function rememberCut(state: State, event: StoredEvent): void {
  if (event.action !== cutAction || event.object.type !== eventObjectType) return
  if (namesStart(state.start, event)) state.cutAt = event.at
}

/** An erased payload names nothing: what TEAM says of the trail itself is never erased. */
function namesStart(start: Link, { object, payload }: StoredEvent): boolean {
  if (object.id !== String(start.seq) || payload === null) return false
  const said = jsonIn(payload)
  const hash = typeof said === 'object' && said !== null && 'hash' in said ? said.hash : null
  return hash === start.hash.toString('hex')
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * An anchor says that at its moment there was no event beyond its number yet. So if it is younger
 * than what retention may cut, and its number lower than that of the last event cut, that event was
 * cut before its time.
 */
function isCutLawful({ start, cutAt }: State, anchors: readonly Anchor[]): boolean {
  if (cutAt === null) return false
  const before = yearsBefore(cutAt, keptYears)
  const isTooYoung = ({ seq, at }: Anchor) => at !== undefined && seq < start.seq && at >= before
  const isOther = ({ seq, hash }: Anchor) =>
    seq === start.seq && hash.toLowerCase() !== start.hash.toString('hex')
  return !anchors.some((anchor) => isTooYoung(anchor) || isOther(anchor))
}

export function yearsBefore(at: Date, years: number): Date {
  const before = new Date(at)
  before.setUTCFullYear(before.getUTCFullYear() - years)
  return before
}

function isSame(one: Link, other: Link): boolean {
  return one.seq === other.seq && one.hash.equals(other.hash)
}

/** In a Set they are as they were added, so in order: the first is the lowest. */
function firstOf(numbers: ReadonlySet<number>): number[] {
  for (const number of numbers) return [number]
  return []
}

function matchesAnchor(event: StoredEvent, anchored: ReadonlyMap<number, string>): boolean {
  const noted = anchored.get(event.seq)
  return noted === undefined || noted === event.hash.toString('hex')
}
