/**
 * What to do next about one key: the heart of TEAM, and pure.
 *
 * The engine loads the facts of a key (its grants that are not over, what the ledger believes of the
 * assignment, the call in flight), asks `plan` for one step, carries it out, writes down what it
 * saw, and asks again. Nothing else decides. A step that fails changes nothing here: the next
 * question gives the same step, later.
 *
 * What the ledger believes:
 *
 *   absent    TEAM knows that no assignment of its making exists
 *   present   AWS said it created it, or a look showed it
 *   unknown   a call's outcome was lost, or AWS failed half-way: looks must tell
 *
 * and beside it `watchedUntil`: some call of unknown outcome may still land until then, so a key
 * that is believed absent is looked at again, and deleted again if it was not wanted.
 *
 * A key is *wanted* while one of its grants is activating or active, or scheduled and due. The
 * order of the questions below is the order of the promises: grants whose time has come are ended
 * before anything else; a call in flight is settled before another is made (one in flight a key);
 * what is unwanted and present is removed, for ever, whatever went wrong before.
 *
 * Two absent looks ten seconds apart confirm absence (the domain's rule 3); a wanted key that one
 * look shows missing is created again at once (rule 2): creating twice is harmless, AWS keeps one
 * assignment a key. That is while some call may still land; a *settled* key that is missed in two
 * looks a minute apart was removed by hand (rule 7), and its grants end.
 */

export type Presence = 'absent' | 'present' | 'unknown'
export type GrantStatus = 'scheduled' | 'activating' | 'active' | 'ending'

export interface PlannedGrant {
  readonly grantId: string
  readonly status: GrantStatus
  readonly dueAt: Date
  /** Not confirmed by then: cleaned up and failed. */
  readonly activationDeadline: Date
  /** Known once active, and for scheduled starts from the intent on. */
  readonly endsAt: Date | null
  /** When access had to be gone: the end, or the commit of a revocation. Set while `ending`. */
  readonly goneBy: Date | null
  /** It adjoins another grant, whose assignment it goes on with: it never creates one. */
  readonly extension: boolean
}

export interface PlannedKey {
  readonly presence: Presence
  /** When presence was confirmed as it stands. */
  readonly confirmedAt: Date | null
  readonly absentSeenAt: Date | null
  readonly watchedSince: Date | null
  readonly watchedUntil: Date | null
  readonly nextLookAt: Date | null
  /** AWS asked for patience, or the last mutation failed. */
  readonly notBefore: Date | null
  readonly alarmedAt: Date | null
  /** AWS's quota explains until then why something late is still there. */
  readonly alarmNotBefore: Date | null
  /** When a look last covered this key. */
  readonly observedAt: Date | null
  /** The first of the looks in a row that missed it while it was settled and believed present. */
  readonly missingSince: Date | null
  /** It landed when nobody wanted it any more; from then on it is in excess. */
  readonly unwantedSince: Date | null
  /** The call in flight: written but not known to be answered, or accepted by AWS. */
  readonly inFlight: {
    readonly kind: 'create' | 'delete'
    readonly state: 'written' | 'accepted'
    readonly nextPollAt: Date
  } | null
}

export type Step =
  | {
      readonly kind: 'fail_unstarted'
      readonly grantId: string
      readonly why: 'not_granted_in_time' | 'parent_over'
    }
  | { readonly kind: 'end'; readonly grantId: string; readonly why: 'time' | 'not_granted_in_time' }
  | { readonly kind: 'finish'; readonly grantId: string; readonly coveredBy: string | null }
  /** Somebody else removed it: its grants end, and it is not put back. */
  | { readonly kind: 'removed_by_hand' }
  /** The seconds of access that landed too late are known now. */
  | { readonly kind: 'count_unwanted' }
  | { readonly kind: 'doubt' }
  | { readonly kind: 'poll' }
  | { readonly kind: 'look' }
  | { readonly kind: 'activate'; readonly grantId: string }
  | { readonly kind: 'begin'; readonly grantId: string }
  | { readonly kind: 'create_again'; readonly grantId: string }
  | { readonly kind: 'remove' }
  /** `grantId` null: what is late landed after every grant was over. */
  | { readonly kind: 'alarm'; readonly grantId: string | null; readonly goneBy: Date }
  | { readonly kind: 'settle' }
  /** Nothing to do before `until`; null: nothing until something changes. */
  | { readonly kind: 'rest'; readonly until: Date | null }

/** Absence is confirmed by two looks at least this far apart. */
export const looksApartMs = 10_000
/** A signed call may land this long after it was signed (SigV4), or after its signer lost the lead. */
export const signatureLifeMs = 15 * 60_000
/** And what AWS accepts in that last moment takes effect later; TEAM gives an operation this long. */
export const operationLifeMs = 10 * 60_000
/** Removal that takes longer than this raises the alarm, unless AWS's quota explains it. */
export const lateAfterMs = 60_000
/** And longer than this, whatever explains it. */
export const lateAlwaysMs = 5 * 60_000
/** Two looks that miss a settled key, at least this far apart, show that somebody removed it. */
export const missedApartMs = 60_000

/**
 * A key of a target that AWS says it does not know is watched for so long. What is deleted stays
 * so; but an account may come back, and AWS may have been mistaken.
 */
export const goneWatchMs = 60 * 60_000

/** After its first minute a watched key is looked at so often. */
const watchEveryMs = 180_000
/** The longest that AWS is left alone after it refused. */
const patienceMsMax = 15 * 60_000

export function plan(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Step {
  return (
    endWhatIsOver(grants, now) ??
    finishWhatIsCovered(grants, now) ??
    settleCall(key, grants, now) ??
    noticeRemovalByHand(key, grants) ??
    countUnwanted(key, grants) ??
    (grants.some((grant) => wants(grant, now))
      ? bringAbout(key, grants, now)
      : takeAway(key, grants, now)) ?? { kind: 'rest', until: wakeAt(key, grants, now) }
  )
}

function wants(grant: PlannedGrant, now: Date): boolean {
  if (grant.status === 'ending') return false
  return grant.status !== 'scheduled' || grant.dueAt <= now
}

function endWhatIsOver(grants: readonly PlannedGrant[], now: Date): Step | null {
  for (const grant of grants) {
    const { grantId, status, endsAt, activationDeadline } = grant
    if (status === 'active' && endsAt !== null && endsAt <= now) {
      return { kind: 'end', grantId, why: 'time' }
    }
    const missed = activationDeadline <= now || (endsAt !== null && endsAt <= now)
    if (status === 'activating' && missed) {
      return { kind: 'end', grantId, why: 'not_granted_in_time' }
    }
    if (status === 'scheduled' && missed) {
      return { kind: 'fail_unstarted', grantId, why: 'not_granted_in_time' }
    }
  }
  return null
}

/** An ending grant whose key another open grant still earns is over at once, without excess. */
function finishWhatIsCovered(grants: readonly PlannedGrant[], now: Date): Step | null {
  const ending = grants.find((grant) => grant.status === 'ending')
  const other = grants.find((grant) => grant.status === 'active' && wants(grant, now))
  if (!ending || !other) return null
  return { kind: 'finish', grantId: ending.grantId, coveredBy: other.grantId }
}

function settleCall(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Step | null {
  const call = key.inFlight
  if (call === null) return null
  if (call.state === 'written') return { kind: 'doubt' }
  if (call.nextPollAt <= now) return { kind: 'poll' }
  return raiseAlarm(key, grants, now)
}

function noticeRemovalByHand(key: PlannedKey, grants: readonly PlannedGrant[]): Step | null {
  const { missingSince, observedAt } = key
  if (key.inFlight !== null || missingSince === null || observedAt === null) return null
  if (!grants.some((grant) => grant.status === 'active')) return null
  const missed = observedAt.getTime() - missingSince.getTime() >= missedApartMs
  return missed && isLive(key) ? { kind: 'removed_by_hand' } : null
}

/** Believed present, and no lost call can make or take it any more. */
export function isLive(key: Pick<PlannedKey, 'presence' | 'watchedUntil'>): boolean {
  return key.presence === 'present' && key.watchedUntil === null
}

function countUnwanted(key: PlannedKey, grants: readonly PlannedGrant[]): Step | null {
  if (key.unwantedSince === null || key.inFlight !== null) return null
  const isOver = key.presence === 'absent' || grants.some((grant) => grant.status === 'active')
  return isOver ? { kind: 'count_unwanted' } : null
}

function bringAbout(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Step | null {
  if (key.inFlight !== null) return null
  const waiting = grants
    .filter((grant) => wants(grant, now) && grant.status !== 'active')
    .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())[0]
  switch (key.presence) {
    case 'present':
      if (waiting) return { kind: 'activate', grantId: waiting.grantId }
      return lookIfDue(key, now) ?? settleIfOver(key, now)
    case 'unknown':
      return lookIfDue(key, now)
    case 'absent': {
      if (!mayTry(key, now)) return null
      const started = grants.find(
        (grant) => grant.status === 'activating' || grant.status === 'active',
      )
      if (started) return { kind: 'create_again', grantId: started.grantId }
      if (waiting?.extension) {
        return { kind: 'fail_unstarted', grantId: waiting.grantId, why: 'parent_over' }
      }
      return waiting ? { kind: 'begin', grantId: waiting.grantId } : null
    }
    default:
      return key.presence satisfies never
  }
}

function takeAway(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Step | null {
  if (key.inFlight !== null) return null
  const alarm = raiseAlarm(key, grants, now)
  if (alarm) return alarm
  switch (key.presence) {
    case 'present':
      return mayTry(key, now) ? { kind: 'remove' } : null
    case 'unknown':
      return lookIfDue(key, now)
    case 'absent': {
      const ending = grants.find((grant) => grant.status === 'ending')
      if (ending) return { kind: 'finish', grantId: ending.grantId, coveredBy: null }
      return lookIfDue(key, now) ?? settleIfOver(key, now)
    }
    default:
      return key.presence satisfies never
  }
}

function lookIfDue(key: PlannedKey, now: Date): Step | null {
  return key.nextLookAt !== null && hasCome(key.nextLookAt, now, watchEveryMs)
    ? { kind: 'look' }
    : null
}

function mayTry(key: PlannedKey, now: Date): boolean {
  return key.notBefore === null || hasCome(key.notBefore, now, patienceMsMax)
}

/** A time further ahead than it can have been set was written before the clock was set back. */
export function hasCome(time: Date, now: Date, aheadMsMax: number): boolean {
  return time <= now || time.getTime() - now.getTime() > aheadMsMax
}

function settleIfOver(key: PlannedKey, now: Date): Step | null {
  const over = key.watchedUntil !== null && key.watchedUntil <= now && key.nextLookAt === null
  return over ? { kind: 'settle' } : null
}

/** While a watched key is absent nothing is late: only what is not yet confirmed gone can be. */
function raiseAlarm(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Step | null {
  const due = alarmDue(key, grants)
  if (due === null || due.at > now) return null
  if (grants.some((grant) => grant.status === 'active' || grant.status === 'activating'))
    return null
  const absentAndWatched = key.presence === 'absent' && key.inFlight === null
  return absentAndWatched ? null : { kind: 'alarm', grantId: due.grantId, goneBy: due.goneBy }
}

function alarmDue(key: PlannedKey, grants: readonly PlannedGrant[]) {
  if (key.alarmedAt !== null) return null
  const ending = grants.find((grant) => grant.status === 'ending' && grant.goneBy !== null)
  const goneBy = ending?.goneBy ?? key.unwantedSince
  if (goneBy === null) return null
  const late = new Date(goneBy.getTime() + lateAfterMs)
  const at = key.alarmNotBefore !== null && key.alarmNotBefore > late ? key.alarmNotBefore : late
  return { at, goneBy, grantId: ending?.grantId ?? null }
}

/** When there is something to decide anew, if nothing happens before. */
export function wakeAt(key: PlannedKey, grants: readonly PlannedGrant[], now: Date): Date | null {
  const times = [key.nextLookAt, key.notBefore, key.inFlight?.nextPollAt ?? null]
  times.push(alarmDue(key, grants)?.at ?? null)
  if (key.nextLookAt === null) times.push(key.watchedUntil)
  for (const grant of grants) {
    times.push(grant.endsAt, grant.activationDeadline)
    if (grant.status === 'scheduled') times.push(grant.dueAt)
  }
  return times.reduce<Date | null>((soonest, time) => {
    if (time === null || time <= now) return soonest
    return soonest === null || time < soonest ? time : soonest
  }, null)
}

export interface Belief {
  readonly presence: Presence
  readonly absentSeenAt: Date | null
  readonly confirmedAt: Date | null
  readonly watchedSince: Date | null
  readonly watchedUntil: Date | null
  readonly nextLookAt: Date | null
}

export interface Sighting {
  readonly seen: boolean
  readonly now: Date
  /** Some grant wants the key. */
  readonly wanted: boolean
  /**
   * The only call of unknown outcome is the newest one, and it is a creation: seeing the assignment
   * settles it. With more than one, an older one may still land after this one was removed.
   */
  readonly onlyDoubtIsNewestCreation: boolean
}

/** What a look at the target teaches about the key. */
export function observe(key: Belief, sighting: Sighting): Belief {
  return sighting.seen ? observePresence(key, sighting) : observeAbsence(key, sighting)
}

/**
 * AWS answered a look that it does not know the target: the key is missed there, as by a look at a
 * list, and stays watched from the first such look on, in case the target is known again.
 */
export function observeGone(
  key: Belief,
  { now, wanted }: Pick<Sighting, 'now' | 'wanted'>,
): Belief {
  const first = key.absentSeenAt !== null && key.absentSeenAt <= now ? key.absentSeenAt : now
  const horizon = new Date(first.getTime() + goneWatchMs)
  const watched: Belief = {
    ...key,
    watchedSince: key.watchedSince ?? now,
    watchedUntil:
      key.watchedUntil !== null && key.watchedUntil > horizon ? key.watchedUntil : horizon,
  }
  return observeAbsence(watched, { seen: false, now, wanted, onlyDoubtIsNewestCreation: false })
}

function observePresence(key: Belief, { now, onlyDoubtIsNewestCreation }: Sighting): Belief {
  const settled = onlyDoubtIsNewestCreation
    ? { watchedSince: null, watchedUntil: null, nextLookAt: null }
    : { ...key, nextLookAt: nextWatchLook(key, now) }
  return {
    presence: 'present',
    absentSeenAt: null,
    confirmedAt: now,
    watchedSince: settled.watchedSince,
    watchedUntil: settled.watchedUntil,
    nextLookAt: settled.nextLookAt,
  }
}

function observeAbsence(key: Belief, { now, wanted }: Sighting): Belief {
  const first = key.absentSeenAt !== null && key.absentSeenAt <= now ? key.absentSeenAt : now
  const twice = now.getTime() - first.getTime() >= looksApartMs
  if (key.presence === 'absent' || wanted || twice) {
    return {
      ...key,
      presence: 'absent',
      absentSeenAt: first,
      confirmedAt: key.presence === 'absent' ? key.confirmedAt : first,
      nextLookAt: nextWatchLook(key, now),
    }
  }
  return {
    ...key,
    presence: 'unknown',
    absentSeenAt: first,
    nextLookAt: new Date(first.getTime() + looksApartMs),
  }
}

/** A call's outcome was lost: it may land until the horizon, so looks must tell. */
export function doubt(key: Belief, now: Date): Belief {
  const horizon = new Date(now.getTime() + signatureLifeMs + operationLifeMs)
  return {
    presence: 'unknown',
    absentSeenAt: null,
    confirmedAt: null,
    watchedSince: now,
    watchedUntil:
      key.watchedUntil !== null && key.watchedUntil > horizon ? key.watchedUntil : horizon,
    nextLookAt: new Date(now.getTime() + looksApartMs),
  }
}

/**
 * When a watched key is looked at next: 10 s and 60 s after the doubt arose, then every three
 * minutes, and at the horizon itself; null when that look is done.
 */
export function nextWatchLook(
  key: Pick<Belief, 'watchedSince' | 'watchedUntil'>,
  now: Date,
): Date | null {
  if (key.watchedSince === null || key.watchedUntil === null || key.watchedUntil <= now) return null
  const since = key.watchedSince.getTime()
  const passed = now.getTime() - since
  // The clock was set back: there is no telling how long it has been watched.
  if (passed < 0) return new Date(now.getTime() + watchEveryMs)
  const next =
    passed < 10_000
      ? since + 10_000
      : passed < 60_000
        ? since + 60_000
        : since + 60_000 + (Math.floor((passed - 60_000) / watchEveryMs) + 1) * watchEveryMs
  return new Date(Math.min(next, key.watchedUntil.getTime()))
}

/** Patience before the next attempt, after `attempts` that failed. */
export function backoffMs(attempts: number, reason: 'busy' | 'failed' | 'denied'): number {
  switch (reason) {
    case 'busy':
      return Math.min(1_000 * 2 ** Math.min(attempts, 4), 10_000)
    case 'failed':
      return Math.min(2_000 * 2 ** Math.min(attempts, 5), 60_000)
    case 'denied':
      return patienceMsMax
    default:
      return reason satisfies never
  }
}
