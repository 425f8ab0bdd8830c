/**
 * The races that decide who gets access, again and again on real connections, each time with one
 * outcome and one clear word to whoever came second. 50 tries each; `TEST_FULL=1` makes 1,000.
 */
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EligibilityPolicyBody } from '#contract/policy.ts'
import type { RequestId } from '#core/ids.ts'
import { createWorld, groups, type PersonName, type World } from '#test/factory.ts'
import { createEligibilityPolicy, updateEligibilityPolicy } from '#test/save-policies.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'

const tries = process.env.TEST_FULL === '1' ? 1_000 : 50
const timeoutMs = 15 * 60_000

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.approval()
})
afterEach(() => world.close())

const as = async (name: PersonName, requestId: RequestId) => ({
  actor: await world.actor(name),
  requestId,
  comment: null,
})

type Outcome = { readonly done: true } | { readonly done: false; readonly code: unknown }

/**
 * Two at once, again and again. One starts some round trips to the database after the other: more
 * of them while it still wins, fewer once it loses. So most tries happen where the two meet.
 */
function createRace<One extends string, Other extends string>(one: One, other: Other) {
  const wins = { [one]: 0, [other]: 0 } as Record<One | Other, number>
  const headStarts = { [one]: 0, [other]: 0 } as Record<One | Other, number>
  let ahead: One | Other = other

  return {
    async run(ofOne: () => Promise<unknown>, ofOther: () => Promise<unknown>) {
      ahead = ahead === one ? other : one
      const after = async (trips: number, act: () => Promise<unknown>) => {
        for (let trip = 0; trip < trips; trip += 1) await sql`select 1`.execute(world.db)
        return act()
      }
      const settled = await Promise.allSettled([
        after(ahead === one ? 0 : headStarts[other], ofOne),
        after(ahead === other ? 0 : headStarts[one], ofOther),
      ])
      return settled.map(toOutcome) as [Outcome, Outcome]
    },
    wonBy(winner: One | Other): void {
      wins[winner] += 1
      const headStart = headStarts[ahead]
      headStarts[ahead] =
        winner === ahead ? Math.floor(headStart / 1.5) : Math.ceil(headStart * 1.5) + 1
    },
    /** Both ways must have been seen, or nothing was raced. */
    expectBothWays(): void {
      expect(wins[one] + wins[other]).toBe(tries)
      for (const way of [one, other]) expect(wins[way], way).toBeGreaterThan(0)
    },
  }
}

function toOutcome(result: PromiseSettledResult<unknown>): Outcome {
  if (result.status === 'fulfilled') return { done: true }
  return { done: false, code: result.reason.code ?? result.reason }
}

const actionsOn = async (id: RequestId) => (await world.events(id)).map(({ action }) => action)

async function clearAway(id: RequestId): Promise<void> {
  if ((await world.request(id)).status === 'scheduled') {
    await cancelRequest(world.ports, await as('alice', id))
  }
}

test(`two approvers in the same millisecond, ${tries} times: one decides, the other hears who did`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const race = createRace('bob', 'carol')
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const [bob, carol] = [await as('bob', id), await as('carol', id)]
    const [ofBob, ofCarol] = await race.run(
      () => approveRequest(world.ports, bob),
      () => approveRequest(world.ports, carol),
    )
    race.wonBy(ofBob.done ? 'bob' : 'carol')
    expect([ofBob, ofCarol]).toContainEqual({ done: true })
    expect([ofBob, ofCarol]).toContainEqual({ done: false, code: 'already_decided' })
    const { status, decisions } = await world.request(id)
    expect({ status, decisions: decisions.length }).toEqual({ status: 'scheduled', decisions: 1 })
    expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve'])
    await clearAway(id)
  }
  race.expectBothWays()
})

test(`an approval against the requester's cancellation, ${tries} times: never a grant that lives on`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const race = createRace('approvedFirst', 'cancelledFirst')
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const [bob, alice] = [await as('bob', id), await as('alice', id)]
    const [approval, cancellation] = await race.run(
      () => approveRequest(world.ports, bob),
      () => cancelRequest(world.ports, alice),
    )
    // What is scheduled can be cancelled too, so the requester always has their way.
    expect(cancellation).toEqual({ done: true })
    const { status, grant } = await world.request(id)
    expect(status).toBe('cancelled')
    if (approval.done) {
      race.wonBy('approvedFirst')
      expect(grant?.overAt).toEqual(world.clock.now())
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve', 'request.cancel'])
    } else {
      race.wonBy('cancelledFirst')
      expect([approval, grant]).toEqual([{ done: false, code: 'not_pending' }, null])
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.cancel'])
    }
  }
  race.expectBothWays()
})

test(`an approval in the last second against expiry, ${tries} times: approved or expired, never both`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const race = createRace('approved', 'expired')
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const { expiresAt } = await world.request(id)
    world.pass((expiresAt.getTime() - world.clock.now().getTime() - 1) / 1000)
    const bob = await as('bob', id)
    const [approval] = await race.run(
      () => approveRequest(world.ports, bob),
      () => world.expireDue(expiresAt),
    )
    const { status, grant, decisions } = await world.request(id)
    if (approval.done) {
      race.wonBy('approved')
      expect({ status, decisions: decisions.length }).toEqual({ status: 'scheduled', decisions: 1 })
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve'])
    } else {
      race.wonBy('expired')
      expect(approval).toEqual({ done: false, code: 'not_pending' })
      expect({ status, grant }).toEqual({ status: 'expired', grant: null })
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.expire'])
    }
    await clearAway(id)
  }
  race.expectBothWays()
})

const policy = (maxDurationMinutes: number) =>
  EligibilityPolicyBody.parse({
    subject: { type: 'group', id: groups.users },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes,
  })

test(`a policy that is narrowed during a submission, ${tries} times: what is made after it obeys it`, {
  timeout: timeoutMs,
}, async () => {
  const ada = await world.actor('ada')
  const created = await createEligibilityPolicy(world.ports, { actor: ada, body: policy(120) })
  if (created.kind !== 'saved') throw new Error('It waits for another administrator')
  const { id } = created
  const race = createRace('madeBefore', 'refused')
  let version = 1
  const save = (minutes: number) => async () => {
    await updateEligibilityPolicy(world.ports, { actor: ada, id, version, body: policy(minutes) })
    version += 1
  }
  for (let nth = 0; nth < tries; nth += 1) {
    let made: RequestId | null = null
    const [submission, edit] = await race.run(async () => {
      made = await world.submit('alice', { durationMinutes: 60 })
    }, save(30))
    expect(edit).toEqual({ done: true })
    const trail = (await world.events()).slice(-2).map(({ action }) => action)
    if (submission.done && made !== null) {
      race.wonBy('madeBefore')
      expect(trail).toEqual(['request.submit', 'eligibility-policy.update'])
      await cancelRequest(world.ports, await as('alice', made))
    } else {
      race.wonBy('refused')
      expect(submission).toEqual({ done: false, code: 'duration_too_long' })
      expect(trail.at(-1)).toBe('eligibility-policy.update')
    }
    await save(120)()
  }
  race.expectBothWays()
})
