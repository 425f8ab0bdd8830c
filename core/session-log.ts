/**
 * What was done with an access: which events of CloudTrail belong to one grant, and what they come
 * to. Sources only fetch; what they bring is judged here once more, event by event, so that no
 * peculiarity of a query language can show somebody else's doings.
 *
 * An event belongs to a grant if all of these hold:
 *  - a role's session made it, not a person of AWS, a service or the root user;
 *  - it is that person's: by the id in `onBehalfOf`, which decides where it is present; else by the
 *    name of the session, which is the user name, compared whole;
 *  - it was recorded in the account;
 *  - the role is `AWSReservedSSO_<permission set>_<suffix>`, compared whole, with any suffix: the
 *    role is made anew, under another suffix, whenever the set comes back to the account;
 *  - it happened between the grant's beginning and the end of the last session taken under it.
 */
import type { AccountId, UserId } from './ids.ts'
import { addMinutes, sessionsMayLiveUntil } from './window.ts'

export interface LogCriteria {
  readonly userId: UserId
  /** As it was at submission. */
  readonly userName: string
  readonly accountId: AccountId
  readonly permissionSetName: string
  readonly from: Date
  readonly to: Date
}

/** Of a record of CloudTrail what is shown and judged; what a record does not say is null. */
export interface LoggedEvent {
  readonly eventId: string | null
  readonly at: Date
  /** Such as `s3.amazonaws.com`. */
  readonly service: string
  readonly action: string
  readonly region: string | null
  readonly resources: readonly string[]
  readonly sourceAddress: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly readOnly: boolean | null
  readonly identityType: string | null
  readonly principalId: string | null
  readonly onBehalfOf: string | null
  readonly roleName: string | null
  readonly accountId: string | null
}

export type Stranger = 'kind' | 'person' | 'account' | 'role' | 'time'

/** Why an event is not of this grant; null: it is. */
export function strangerBecause(event: LoggedEvent, criteria: LogCriteria): Stranger | null {
  if (event.identityType !== 'AssumedRole') return 'kind'
  if (!isOfPerson(event, criteria)) return 'person'
  if (event.accountId !== criteria.accountId) return 'account'
  if (!isOfRole(event.roleName, criteria.permissionSetName)) return 'role'
  return event.at >= criteria.from && event.at <= criteria.to ? null : 'time'
}

function isOfPerson(event: LoggedEvent, { userId, userName }: LogCriteria): boolean {
  if (event.onBehalfOf !== null) return event.onBehalfOf === userId
  const sessionName = sessionNameOf(userName)
  if (sessionName === null || event.principalId === null) return false
  // `AROA…:<session name>`; neither half can hold a colon.
  const [roleId, name, ...more] = event.principalId.split(':')
  if (roleId === undefined || name === undefined || more.length > 0) return false
  // Identity Center tells user names that differ in case alone for one.
  return name.toLowerCase() === sessionName.toLowerCase()
}

function isOfRole(roleName: string | null, permissionSetName: string): boolean {
  const pattern = roleNamePattern(permissionSetName)
  return roleName !== null && pattern !== null && new RegExp(pattern).test(roleName)
}

/**
 * The name that the person's sessions have: the user name, where STS takes it for one
 * (`RoleSessionName`: 2 to 64 of these characters). What AWS makes of another is not documented, so
 * such a person's events are found by `onBehalfOf` alone. Nothing outside these characters gets
 * into a query, which therefore needs no escaping to be exact.
 */
export function sessionNameOf(userName: string): string | null {
  return /^[A-Za-z0-9_+=,.@-]{2,64}$/.test(userName) ? userName : null
}

/** The source of a regular expression for the whole name; null for what can name no set. */
export function roleNamePattern(permissionSetName: string): string | null {
  // The pattern of `Name` in the API model of sso-admin.
  if (!/^[A-Za-z0-9_+=,.@-]{1,32}$/.test(permissionSetName)) return null
  // A class of one sign stands for that sign in every dialect, without a backslash.
  const literal = permissionSetName.replace(/[+.]/g, (sign) => `[${sign}]`)
  return `^AWSReservedSSO_${literal}_[0-9a-f]{16}$`
}

export type LogLocation =
  | {
      readonly source: 'cloudwatch_logs'
      /** A name, or an ARN. */
      readonly logGroup: string
      /** Null: TEAM's own Region. */
      readonly region: string | null
    }
  | {
      readonly source: 'cloudtrail_lake'
      readonly region: string
      readonly ownerAccountId: string
      readonly eventDataStoreId: string
    }

// The patterns of the API models (botocore logs 2014-03-28, cloudtrail 2013-11-01).
const logGroupName = /^[.\-_/#A-Za-z0-9]{1,512}$/
const logGroupArn =
  /^arn:aws[a-z-]*:logs:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:log-group:[.\-_/#A-Za-z0-9]{1,512}$/
const eventDataStoreArn =
  /^arn:aws[a-z-]*:cloudtrail:([a-z]{2}(?:-[a-z]+)+-\d):(\d{12}):eventdatastore\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** Null: it is not the place of such a source. An ARN is compared whole, so a query can hold it. */
export function parseLogLocation(source: string, location: string | null): LogLocation | null {
  if (location === null) return null
  if (source === 'cloudwatch_logs') {
    // The console shows ARNs with `:*` at the end; the API takes them without.
    const logGroup = location.replace(/:\*$/, '')
    if (logGroupName.test(logGroup)) return { source, logGroup, region: null }
    const [, region] = logGroupArn.exec(logGroup) ?? []
    return region === undefined ? null : { source, logGroup, region }
  }
  if (source !== 'cloudtrail_lake') return null
  const [, region, ownerAccountId, eventDataStoreId] = eventDataStoreArn.exec(location) ?? []
  if (!region || !ownerAccountId || !eventDataStoreId) return null
  return { source, region, ownerAccountId, eventDataStoreId }
}

/** Trails deliver within about five minutes on average, and promise no time (CloudTrail FAQs). */
export const lateEventMinutes = 15
/** A summary is written once, so it waits longer. */
export const summaryAfterMinutes = 60

export interface GrantUseFacts {
  /** When the access may first have been there: the intent, else the start. */
  readonly beganAt: Date
  /** When it was gone for certain; null: it is there. */
  readonly goneAt: Date | null
  /** At its end another grant went on with the same access, or somebody else took it over. */
  readonly goesOn: boolean
  readonly sessionMinutes: number | null
}

export interface LogWindow {
  readonly from: Date
  readonly to: Date
  /** Until then events may still arrive; null: the access is there, or its sessions are. */
  readonly completeAt: Date | null
}

export function logWindow(facts: GrantUseFacts, now: Date): LogWindow {
  const ends = usedUntil(facts)
  // Records count whole seconds.
  const from = new Date(Math.floor(facts.beganAt.getTime() / 1000) * 1000)
  if (ends === null || ends > now) return { from, to: now, completeAt: null }
  return { from, to: ends, completeAt: addMinutes(ends, lateEventMinutes) }
}

/** Nothing can be done with it after that; null: no end is known. */
export function usedUntil({ goneAt, goesOn, sessionMinutes }: GrantUseFacts): Date | null {
  if (goneAt === null) return null
  // Whoever goes on with the access has what was done with it from there on.
  return goesOn ? goneAt : sessionsMayLiveUntil(goneAt, sessionMinutes)
}

export interface ServiceUse {
  readonly service: string
  readonly reads: number
  readonly writes: number
}

export interface UseCounts {
  readonly services: readonly ServiceUse[]
  readonly reads: number
  readonly writes: number
  /** Of both, what AWS refused or could not do. */
  readonly errors: number
  readonly lastUsedAt: Date | null
}

/** What does not say that it only reads counts as a write. */
export function isRead(event: Pick<LoggedEvent, 'readOnly'>): boolean {
  return event.readOnly === true
}

export function countUse(events: Iterable<LoggedEvent>): UseCounts {
  const services = new Map<string, { reads: number; writes: number }>()
  let errors = 0
  let lastUsedAt: Date | null = null
  for (const event of events) {
    const counts = services.get(event.service) ?? { reads: 0, writes: 0 }
    services.set(event.service, counts)
    if (isRead(event)) counts.reads += 1
    else counts.writes += 1
    if (event.errorCode !== null) errors += 1
    if (lastUsedAt === null || event.at > lastUsedAt) lastUsedAt = event.at
  }
  const used = [...services].map(([service, counts]) => ({ service, ...counts }))
  used.sort((one, other) => one.service.localeCompare(other.service, 'en'))
  const sum = (of: 'reads' | 'writes') => used.reduce((total, counts) => total + counts[of], 0)
  return { services: used, reads: sum('reads'), writes: sum('writes'), errors, lastUsedAt }
}
