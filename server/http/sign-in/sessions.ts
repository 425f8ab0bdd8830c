/**
 * Sessions live on the server. The browser holds 256 random bits, the database their SHA-256, so a
 * copy of the database signs nobody in. The domain's "Smaller rules": 8 hours at most, 1 hour idle,
 * never past the assertion's `SessionNotOnOrAfter`, ended when the person is disabled.
 */
import { randomBytes } from 'node:crypto'
import type { UserId } from '#core/ids.ts'
import type {
  FoundSession,
  Session,
  SessionEndReason,
  SessionStore,
} from '#server/store/sessions.ts'
import type { Clock } from '../ports.ts'
import { equalSecrets, sha256 } from './secrets.ts'

export const sessionHoursMax = 8
export const sessionIdleMinutesMax = 60
/** Activity is written down at most this often; a session may so end this much early. */
export const sessionTouchSeconds = 60

export interface StartSession {
  readonly userId: UserId
  readonly userName: string
  readonly address: string
  readonly assertionId: string
  readonly idpInitiated: boolean
  readonly sessionNotOnOrAfter: Date | null
  readonly localeHint: string | null
  /** The hash of the session that this browser had. */
  readonly replaced: Buffer | null
}

export interface Sessions {
  start(facts: StartSession): Promise<{ id: string; session: Session }>
  /** The live session of this cookie, and its idle hour starts anew unless told otherwise. */
  authenticate(id: string, options?: { countsAsActivity?: boolean }): Promise<FoundSession | null>
  isLive(session: Session): Promise<boolean>
  end(session: Session, why: SessionEndReason): Promise<void>
  endAllOf(userId: UserId, why: SessionEndReason): Promise<void>
  /** Live streams of an ended session close at once in this process. */
  onEnd(listener: (idHash: Buffer) => void): void
}

const idPattern = /^[A-Za-z0-9_-]{43}$/

export function hashOfSessionId(id: string): Buffer | null {
  return idPattern.test(id) ? sha256(id) : null
}

export function isCsrfTokenOf(session: Session, given: string): boolean {
  return equalSecrets(given, session.csrfToken)
}

/** Null: still in time. */
export function lapseOf(session: Session, now: Date): 'expired' | 'idle' | null {
  if (now >= session.expiresAt) return 'expired'
  const idleMs = now.getTime() - session.lastSeenAt.getTime()
  return idleMs >= sessionIdleMinutesMax * 60_000 ? 'idle' : null
}

export function createSessions(ports: { store: SessionStore; clock: Clock }): Sessions {
  const { store, clock } = ports
  const listeners: ((idHash: Buffer) => void)[] = []
  const tellEnded = (idHash: Buffer) => {
    for (const listener of listeners) listener(idHash)
  }
  // What has lapsed is marked as ended, so that a clock that jumps back re-opens nothing.
  async function liveSession(idHash: Buffer): Promise<FoundSession | null> {
    const session = await store.find(idHash)
    if (session === null) return null
    const now = await clock.now()
    const lapse = lapseOf(session, now)
    if (lapse === null) return session
    await store.end(idHash, { at: now, why: lapse })
    tellEnded(idHash)
    return null
  }

  return {
    async start(facts) {
      const now = await clock.now()
      const id = randomBytes(32).toString('base64url')
      const session = newSession(id, facts, now)
      await store.start(session, facts.replaced, {
        userId: facts.userId,
        userName: facts.userName,
        at: now,
        address: facts.address,
        assertionId: facts.assertionId,
        idpInitiated: facts.idpInitiated,
      })
      if (facts.replaced !== null) tellEnded(facts.replaced)
      return { id, session }
    },
    async authenticate(id, { countsAsActivity = true } = {}) {
      const idHash = hashOfSessionId(id)
      const session = idHash === null ? null : await liveSession(idHash)
      if (session === null) return null
      const now = await clock.now()
      const sinceSeenMs = now.getTime() - session.lastSeenAt.getTime()
      if (countsAsActivity && sinceSeenMs >= sessionTouchSeconds * 1000) {
        await store.touch(session.idHash, now)
      }
      return session
    },
    async isLive(session) {
      return (await liveSession(session.idHash)) !== null
    },
    async end(session, why) {
      await store.end(session.idHash, { at: await clock.now(), why })
      tellEnded(session.idHash)
    },
    async endAllOf(userId, why) {
      const ended = await store.endAllOf(userId, { at: await clock.now(), why })
      for (const idHash of ended) tellEnded(idHash)
    },
    onEnd(listener) {
      listeners.push(listener)
    },
  }
}

function newSession(id: string, facts: StartSession, now: Date): Session {
  const longest = now.getTime() + sessionHoursMax * 3_600_000
  const asserted = facts.sessionNotOnOrAfter?.getTime() ?? longest
  return {
    idHash: sha256(id),
    userId: facts.userId,
    csrfToken: randomBytes(32).toString('base64url'),
    createdAt: now,
    lastSeenAt: now,
    expiresAt: new Date(Math.min(longest, asserted)),
    localeHint: facts.localeHint,
  }
}
