/**
 * What happens to live grants when the world behind them changes (the domain's "Freshness" and
 * "Eligibility"): a person is disabled or leaves a group, a policy goes, an account is closed, a
 * permission set is deleted or moves into the management account.
 *
 * Two chores of the leader. One reads people with live grants again each minute. The other holds
 * every live grant against the rules whenever rules or directory changed; what seems lost is read
 * again by itself before it ends anything, because absence in a list may be a bad reading. Each
 * grant waits for what it rests on and for nothing else: what AWS will not tell about one keeps no
 * other alive.
 */
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import { watchIntervalSeconds } from '#core/freshness.ts'
import type { UserId } from '#core/ids.ts'
import { hasCome } from '#core/plan.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { ObjectReading, Objects } from '#server/engine/objects-port.ts'
import { type ChangeOptions, change, LostLeadership, systemActor } from '#server/store/change.ts'
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
/** Longer than any transaction may take: what the first pass could not see is committed, or never. */
const passesApartMs = 5_000

export function createGrantWatch(ports: WatchPorts): GrantWatch {
  const { db, confirmer, log } = ports
  /** The rules against which every live grant was held, with nothing left open. */
  let settledVersion: string | null = null
  /**
   * The rules against which one pass found nothing lost. A grant may have been begun meanwhile, by
   * the rules before, in a transaction that the pass could not see: another pass settles it.
   */
  let clean: { readonly version: string; readonly again: Date } | null = null
  let notBefore: Date | null = null

  /** Answers the ids of what was read. What is not among them is known as badly as before. */
  async function readAgain(grants: readonly LiveGrant[]): Promise<ReadonlySet<string>> {
    const read = new Set<string>()
    const people = unique(grants.map((grant) => grant.userId))
    const accounts = unique(grants.map((grant) => grant.target.accountId))
    const arns = unique(grants.map((grant) => grant.target.permissionSetArn))
    await inTurns([
      ...people.map((id) => async () => {
        if ((await confirm(id)) !== 'unavailable') read.add(id)
      }),
      ...accounts.map((accountId) => async () => {
        const reading = await ports.objects.readAccount(accountId)
        const at = await ports.clock.now()
        await apply(reading, (found) => applyAccount(db, at, { accountId, found }))
        read.add(accountId)
      }),
      ...arns.map((arn) => async () => {
        const reading = await ports.objects.readPermissionSet(arn)
        const at = await ports.clock.now()
        await apply(reading, (found) => applyPermissionSet(db, at, { arn, found }))
        read.add(arn)
      }),
    ])
    return read
  }

  const confirm = (userId: UserId) => confirmer.confirmPerson(userId, { force: true })

  async function inTurns(works: readonly (() => Promise<unknown>)[]): Promise<void> {
    const waiting = [...works]
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await next().catch(tellUnread)
      }
    }
    await Promise.all(Array.from({ length: atOnceMax }, work))
  }

  function tellUnread(error: unknown): void {
    const why = error instanceof Error ? error.message : error
    log.warn({ why }, 'AWS could not be asked about what a live grant rests on')
  }

  /** Unless it is not lost after all, or by something that was not read. */
  async function end(
    grant: LiveGrant,
    read: ReadonlySet<string>,
    options: ChangeOptions,
  ): Promise<void> {
    await change(
      db,
      await ports.clock.now(),
      async (c) => {
        const request = await lockRequest(c.tx, grant.requestId)
        if (request?.status !== 'activating' && request?.status !== 'active') return
        const rules = await ports.rules.load(c.tx)
        const loss = lossOf(rules, grant, await loadPerson(c.tx, grant.userId))
        if (loss === null || !isKnown(loss, grant, read)) return
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

  /** One that cannot be written holds up no other. */
  async function endEach(
    grants: readonly LiveGrant[],
    read: ReadonlySet<string>,
    options: ChangeOptions,
  ): Promise<void> {
    for (const grant of grants) {
      try {
        await end(grant, read, options)
      } catch (error) {
        if (error instanceof LostLeadership) throw error
        const { requestId } = grant
        log.warn({ err: error, requestId }, 'the end of a grant could not be written')
      }
    }
  }

  async function lost(rules: Rules): Promise<LiveGrant[]> {
    const grants = await liveGrants(db)
    const people = await loadPeople(db, unique(grants.map((grant) => grant.userId)))
    return grants.filter((grant) => lossOf(rules, grant, people.get(grant.userId) ?? null) !== null)
  }

  function foundNothing(version: string, now: Date): void {
    if (clean?.version === version) settledVersion = version
    else clean = { version, again: new Date(now.getTime() + passesApartMs) }
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
      await inTurns(some.map((one) => () => confirm(one.userId)))
    },
    async endLost(now, options) {
      if (notBefore !== null && !hasCome(notBefore, now, retryMs)) return
      const rules = await ports.rules.load(db)
      const { version } = rules
      if (version === settledVersion) return
      if (clean?.version === version && !hasCome(clean.again, now, passesApartMs)) return
      const suspects = await lost(rules)
      if (suspects.length === 0) return foundNothing(version, now)
      const suspected = new Set(suspects.map(({ requestId }) => requestId))
      const isSuspect = ({ requestId }: LiveGrant) => suspected.has(requestId)
      const stillLost = async () => (await lost(await ports.rules.load(db))).filter(isSuspect)
      const read = await readAgain(suspects)
      await endEach(await stillLost(), read, options)
      if ((await stillLost()).length > 0) notBefore = new Date(now.getTime() + retryMs)
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

/**
 * Whether what the loss rests on was read. A person who is disabled has lost all access, and what is
 * gone is gone for everybody, whatever AWS does not tell about the rest.
 */
function isKnown(loss: Refusal, grant: LiveGrant, read: ReadonlySet<string>): boolean {
  if (loss.code === 'person_disabled') return read.has(grant.userId)
  if (loss.code === 'unknown_id') return read.has(String(loss.params.id))
  const { accountId, permissionSetArn } = grant.target
  return [grant.userId, accountId, permissionSetArn].every((id) => read.has(id))
}

/** As the request keeps it; the pages and the mails have words for each. */
function reasonOf(loss: Refusal): string {
  if (loss.code === 'unknown_id') return 'target_gone'
  if (loss.code === 'out_of_reach') return String(loss.params.reason)
  return loss.code === 'not_eligible' ? 'lost_eligibility' : loss.code
}
