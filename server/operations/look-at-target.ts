/**
 * Whether a person holds a target already, outside TEAM (the domain's promise 5). One look at a
 * target serves everybody for a minute; those who ask while one is under way share its answer.
 */
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { Target } from '#core/ids.ts'
import type { Held } from '#core/submission.ts'
import type { Assignments } from '#server/engine/assignments-port.ts'
import { change } from '#server/store/change.ts'
import {
  type LedgerClaim,
  type Look,
  ledgerClaim,
  loadLook,
  loadLooks,
  saveLook,
} from '#server/store/looks.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Clock } from './making-changes.ts'

export interface LookPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly assignments: Pick<Assignments, 'holders'>
  readonly log: { warn(facts: object, message: string): void }
}

export interface Looks {
  /** At most a minute old; AWS is asked if need be. `unknown`: it could not be. */
  held(person: Person, target: Target): Promise<Held>
  /** For each in turn without waiting: `unknown` queues a look, whose coming the change feed tells. */
  heldOrQueue(person: Person, targets: readonly Target[]): Promise<Held[]>
  /** As the latest look showed it, however old; AWS is not asked. */
  asLastSeen(person: Person, target: Target): Promise<LastSeen>
  /** Resolves when no look is under way; for stopping, and for tests. */
  settled(): Promise<void>
}

export interface LastSeen {
  readonly held: Held
  /** Null: never. */
  readonly lookedAt: Date | null
}

const lookAgeMsMax = 60_000
const removalMsMax = 60_000
const queuedMax = 50

export function createLooks(ports: LookPorts): Looks {
  const underWay = new Map<string, Promise<Look | null>>()

  const look = (target: Target): Promise<Look | null> => {
    const id = targetId(target)
    const running = underWay.get(id)
    if (running) return running
    const started = lookNow(ports, target).finally(() => underWay.delete(id))
    underWay.set(id, started)
    return started
  }

  const recent = async (targets: readonly Target[]): Promise<(Look | null)[]> => {
    const now = await ports.clock.now()
    return loadLooks(ports.db, targets, new Date(now.getTime() - lookAgeMsMax))
  }

  return {
    async held(person, target) {
      const [known] = await recent([target])
      const seen = known ?? (await look(target))
      return seen ? heldBy(ports.db, person, target, seen) : 'unknown'
    },
    async heldOrQueue(person, targets) {
      const looks = await recent(targets)
      return Promise.all(
        targets.map((target, at) => {
          const seen = looks[at]
          if (seen) return heldBy(ports.db, person, target, seen)
          if (underWay.size < queuedMax) void look(target)
          return 'unknown'
        }),
      )
    },
    async asLastSeen(person, target) {
      const seen = await loadLook(ports.db, target, new Date(0))
      if (seen === null) return { held: 'unknown', lookedAt: null }
      const held = await heldBy(ports.db, person, target, seen)
      return { held, lookedAt: seen.lookedAt }
    },
    async settled() {
      await Promise.all(underWay.values())
    },
  }
}

export function targetId(target: Target): string {
  return `${target.accountId}/${target.permissionSetArn}`
}

async function lookNow(ports: LookPorts, target: Target): Promise<Look | null> {
  try {
    // Before the call: what it shows may be as old as this.
    const lookedAt = await ports.clock.now()
    const found = await ports.assignments.holders(target)
    // That AWS does not know the target shows nobody who holds it, and nobody who does not.
    if (found.kind === 'gone') throw new Error(found.message)
    const { userIds, groupIds } = found
    const look = { lookedAt, userIds, groupIds }
    await change(ports.db, lookedAt, async (c) => {
      await saveLook(c.tx, target, look)
      c.changed('target-look', targetId(target))
    })
    return look
  } catch (error) {
    ports.log.warn({ err: error, target }, 'A look at a target failed')
    return null
  }
}

async function heldBy(
  db: Kysely<Schema>,
  person: Person,
  target: Target,
  look: Look,
): Promise<Held> {
  if (look.userIds.has(person.userId)) {
    const claim = await ledgerClaim(db, { userId: person.userId, ...target })
    if (!isOurs(claim, look)) return 'direct'
  }
  return person.groupIds.isDisjointFrom(look.groupIds) ? 'none' : 'group'
}

/** AWS may show an assignment for a while after TEAM removed it. */
function isOurs(claim: LedgerClaim | null, look: Look): boolean {
  if (claim === null) return false
  if (claim.held || claim.presence !== 'absent') return true
  const removedLately = look.lookedAt.getTime() - removalMsMax
  return claim.confirmedAt !== null && claim.confirmedAt.getTime() > removedLately
}
