/**
 * What happens to live grants when the world behind them changes (the domain's "Freshness" and
 * "Eligibility"): a person is disabled or leaves a group, a policy goes, an account is closed, a
 * permission set is deleted or moves into the management account.
 *
 * Two chores of the leader. One reads people with live grants again each minute. The other holds
 * every live grant against the rules whenever rules or directory changed; what seems lost is read
 * again by itself before it ends anything, because absence in a list may be a bad reading.
 */
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import { watchIntervalSeconds } from '#core/freshness.ts'
import type { UserId } from '#core/ids.ts'
import { hasCome } from '#core/plan.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { ObjectReading, Objects } from '#server/engine/objects-port.ts'
import { type ChangeOptions, change, systemActor } from '#server/store/change.ts'
import { applyAccount, applyPermissionSet } from '#server/store/directory-objects.ts'
import { stopGrant } from '#server/store/grants.ts'
import { type LiveGrant, liveGrants, peopleToWatch } from '#server/store/live-grants.ts'
import { loadPeople, loadPerson } from '#server/store/people.ts'
import { lockRequest, moveRequest } from '#server/store/requests.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import type { PeopleConfirmer } from './confirm-person.ts'
import type { Clock } from './making-changes.ts'
import { inWords } from './words.ts'

export interface WatchPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly rules: RulesStore
  readonly confirmer: Pick<PeopleConfirmer, 'confirmPerson'>
  readonly objects: Objects
  readonly log: {
    info(facts: object, message: string): void
    warn(facts: object, message: string): void
  }
}

export interface GrantWatch {
  /** Called every few seconds: reads those again whose reading is about to be a minute old. */
  readPeople(now: Date): Promise<void>
  /** Ends what nobody may have any more. */
  endLost(now: Date, options: ChangeOptions): Promise<void>
}

export const readPeopleEveryMs = 5_000
const atOnceMax = 8
const retryMs = 10_000

export function createGrantWatch(ports: WatchPorts): GrantWatch {
  const { db, confirmer, log } = ports
  /** The rules against which every live grant was held, with nothing left open. */
  let settledVersion: string | null = null
  let notBefore: Date | null = null

  /** True: everything that the decision rests on has been read again. */
  async function readAgain(grants: readonly LiveGrant[]): Promise<boolean> {
    const people = unique(grants.map((grant) => grant.userId))
    const accounts = unique(grants.map((grant) => grant.target.accountId))
    const arns = unique(grants.map((grant) => grant.target.permissionSetArn))
    const done = await inTurns([
      ...people.map((id) => async () => (await confirm(id)) !== 'unavailable'),
      ...accounts.map((accountId) => async () => {
        const reading = await ports.objects.readAccount(accountId)
        const at = await ports.clock.now()
        await apply(reading, (found) => applyAccount(db, at, { accountId, found }))
        return true
      }),
      ...arns.map((arn) => async () => {
        const reading = await ports.objects.readPermissionSet(arn)
        const at = await ports.clock.now()
        await apply(reading, (found) => applyPermissionSet(db, at, { arn, found }))
        return true
      }),
    ])
    return done.every(Boolean)
  }

  const confirm = (userId: UserId) => confirmer.confirmPerson(userId, { force: true })

  async function inTurns(works: readonly (() => Promise<boolean>)[]): Promise<boolean[]> {
    const waiting = [...works]
    const done: boolean[] = []
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        done.push(await next().catch(unread))
      }
    }
    await Promise.all(Array.from({ length: atOnceMax }, work))
    return done
  }

  function unread(error: unknown): boolean {
    const why = error instanceof Error ? error.message : error
    log.warn({ why }, 'AWS could not be asked about what a live grant rests on')
    return false
  }

  async function end(grant: LiveGrant, options: ChangeOptions): Promise<void> {
    await change(
      db,
      await ports.clock.now(),
      async (c) => {
        const request = await lockRequest(c.tx, grant.requestId)
        if (request?.status !== 'activating' && request?.status !== 'active') return
        const rules = await ports.rules.load(c.tx)
        const loss = lossOf(rules, grant, await loadPerson(c.tx, grant.userId))
        if (loss === null) return
        const { code, params } = loss
        const endReason = reasonOf(loss)
        const version = await moveRequest(c, request.id, {
          to: 'ending',
          endState: 'revoked',
          endReason,
        })
        await stopGrant(c, request.id)
        if (request.grant) await c.nudge(request.grant.keyId)
        c.event({
          actor: systemActor,
          action: 'access.lost',
          object: { type: 'request', id: request.id, version },
          payload: { from: request.status, endReason, code, params, message: inWords(loss) },
        })
      },
      options,
    )
  }

  async function lost(rules: Rules): Promise<LiveGrant[]> {
    const grants = await liveGrants(db)
    const people = await loadPeople(db, unique(grants.map((grant) => grant.userId)))
    return grants.filter((grant) => lossOf(rules, grant, people.get(grant.userId) ?? null) !== null)
  }

  return {
    async readPeople(now) {
      const people = await peopleToWatch(db, new Date(now.getTime() + readPeopleEveryMs))
      const intervalMs = watchIntervalSeconds(people.length) * 1000
      // Read before it is too old, not after.
      const oldest = now.getTime() - intervalMs + 2 * readPeopleEveryMs
      // Read at a time that is still to come: before the clock was set back.
      const due = people.filter(({ readAt }) => {
        return readAt.getTime() <= oldest || readAt > now
      })
      const share = Math.ceil((people.length * readPeopleEveryMs) / intervalMs)
      const some = due.slice(0, Math.max(share * 2, atOnceMax))
      await inTurns(
        some.map(
          ({ userId }) =>
            async () =>
              (await confirm(userId)) !== 'unavailable',
        ),
      )
    },
    async endLost(now, options) {
      if (notBefore !== null && !hasCome(notBefore, now, retryMs)) return
      const rules = await ports.rules.load(db)
      if (rules.version === settledVersion) return
      const suspects = await lost(rules)
      if (suspects.length === 0) {
        settledVersion = rules.version
        return
      }
      const allRead = await readAgain(suspects)
      const reread = await ports.rules.load(db)
      if (!allRead) {
        // Nothing is concluded from what could not be read again.
        notBefore = new Date(now.getTime() + retryMs)
        return
      }
      for (const grant of await lost(reread)) {
        if (suspects.some(({ requestId }) => requestId === grant.requestId))
          await end(grant, options)
      }
    },
  }
}

async function apply<Found>(
  reading: ObjectReading<Found>,
  write: (found: Found | null) => Promise<void>,
): Promise<void> {
  if (reading.kind === 'not_offered') return
  await write(reading.kind === 'read' ? reading.found : null)
}

function unique<Id>(ids: readonly Id[]): Id[] {
  return [...new Set(ids)]
}

/** Why the grant may live no longer; a changed duration, ticket or approval rule never says so. */
function lossOf(rules: Rules, grant: LiveGrant, person: Person | null): Refusal | null {
  if (person === null || !person.enabled) return refusal('person_disabled')
  const { target, breakGlass, spared } = grant
  const asked = rules.evaluator.asked(target)
  if (asked.account === null) return refusal('unknown_id', { id: target.accountId })
  if (asked.permissionSet === null) return refusal('unknown_id', { id: target.permissionSetArn })
  const decision = rules.evaluator.eligibility(person, target, { breakGlass })
  if (decision.eligible) return null
  const { code } = decision.refusal
  if (code === 'not_eligible' && (spared || !rules.settings.endOnLostEligibility)) return null
  return decision.refusal
}

/** As the request keeps it; the pages and the mails have words for each. */
function reasonOf(loss: Refusal): string {
  if (loss.code === 'unknown_id') return 'target_gone'
  if (loss.code === 'out_of_reach') return String(loss.params.reason)
  return loss.code === 'not_eligible' ? 'lost_eligibility' : loss.code
}
