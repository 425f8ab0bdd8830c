/**
 * The races that decide who gets access, again and again on real connections, each time with one
 * outcome and one clear word to whoever came second. 50 tries each; `TEST_FULL=1` makes 1,000.
 */
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EligibilityPolicyBody } from '#contract/policy.ts'
import type { RequestId } from '#core/ids.ts'
import { createWorld, groups, type PersonName, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'
import { expireDueRequests } from './expire-requests.ts'
import { createEligibilityPolicy, updateEligibilityPolicy } from './save-eligibility-policy.ts'

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
 * Two at once. The second starts some round trips to the database after the first, each time
 * another number of them, so that they meet at every step of each other.
 */
async function race(
  nth: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<[Outcome, Outcome]> {
  const oneIsFirst = nth % 2 === 0
  const headStart = Math.floor(nth / 2) % headStartMax
  const [first, second] = oneIsFirst ? [one, other] : [other, one]
  const late = async () => {
    for (let trip = 0; trip < headStart; trip += 1) await sql`select 1`.execute(world.db)
    return second()
  }
  const settled = await Promise.allSettled([first(), late()])
  const [ofFirst, ofSecond] = settled.map((result): Outcome => {
    if (result.status === 'fulfilled') return { done: true }
    return { done: false, code: result.reason.code ?? result.reason }
  })
  if (ofFirst === undefined || ofSecond === undefined) throw new Error('Two ran')
  return oneIsFirst ? [ofFirst, ofSecond] : [ofSecond, ofFirst]
}

const headStartMax = 20

const actionsOn = async (id: RequestId) => (await world.events(id)).map(({ action }) => action)

/** Both ways must have been seen, or nothing was raced. */
function expectBothWays(wins: Readonly<Record<string, number>>): void {
  expect(Object.values(wins).reduce((sum, count) => sum + count, 0)).toBe(tries)
  for (const [way, count] of Object.entries(wins)) expect(count, way).toBeGreaterThan(0)
}

async function clearAway(id: RequestId): Promise<void> {
  if ((await world.request(id)).status === 'scheduled') {
    await cancelRequest(world.ports, await as('alice', id))
  }
}

test(`two approvers in the same millisecond, ${tries} times: one decides, the other hears who did`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const wins = { bob: 0, carol: 0 }
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const [bob, carol] = [await as('bob', id), await as('carol', id)]
    const [ofBob, ofCarol] = await race(
      nth,
      () => approveRequest(world.ports, bob),
      () => approveRequest(world.ports, carol),
    )
    wins[ofBob.done ? 'bob' : 'carol'] += 1
    expect([ofBob, ofCarol]).toContainEqual({ done: true })
    expect([ofBob, ofCarol]).toContainEqual({ done: false, code: 'already_decided' })
    const { status, decisions } = await world.request(id)
    expect({ status, decisions: decisions.length }).toEqual({ status: 'scheduled', decisions: 1 })
    expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve'])
    await clearAway(id)
  }
  expectBothWays(wins)
})

test(`an approval against the requester's cancellation, ${tries} times: never a grant that lives on`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const wins = { approvedFirst: 0, cancelledFirst: 0 }
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const [bob, alice] = [await as('bob', id), await as('alice', id)]
    const [approval, cancellation] = await race(
      nth,
      () => approveRequest(world.ports, bob),
      () => cancelRequest(world.ports, alice),
    )
    // What is scheduled can be cancelled too, so the requester always has their way.
    expect(cancellation).toEqual({ done: true })
    const { status, grant } = await world.request(id)
    expect(status).toBe('cancelled')
    if (approval.done) {
      wins.approvedFirst += 1
      expect(grant?.overAt).toEqual(world.clock.now())
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve', 'request.cancel'])
    } else {
      wins.cancelledFirst += 1
      expect([approval, grant]).toEqual([{ done: false, code: 'not_pending' }, null])
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.cancel'])
    }
  }
  expectBothWays(wins)
})

test(`an approval in the last second against expiry, ${tries} times: approved or expired, never both`, {
  timeout: timeoutMs,
}, async () => {
  await world.eligibility()
  const wins = { approved: 0, expired: 0 }
  for (let nth = 0; nth < tries; nth += 1) {
    const id = await world.submit('alice')
    const { expiresAt } = await world.request(id)
    world.pass((expiresAt.getTime() - world.clock.now().getTime() - 1) / 1000)
    const bob = await as('bob', id)
    const [approval] = await race(
      nth,
      () => approveRequest(world.ports, bob),
      () => expireDueRequests({ ...world.ports, db: world.db }, expiresAt, 10),
    )
    const { status, grant, decisions } = await world.request(id)
    if (approval.done) {
      wins.approved += 1
      expect({ status, decisions: decisions.length }).toEqual({ status: 'scheduled', decisions: 1 })
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.approve'])
    } else {
      wins.expired += 1
      expect(approval).toEqual({ done: false, code: 'not_pending' })
      expect({ status, grant }).toEqual({ status: 'expired', grant: null })
      expect(await actionsOn(id)).toEqual(['request.submit', 'request.expire'])
    }
    await clearAway(id)
  }
  expectBothWays(wins)
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
  const wins = { madeBefore: 0, refused: 0 }
  let version = 1
  const save = (minutes: number) => async () => {
    await updateEligibilityPolicy(world.ports, { actor: ada, id, version, body: policy(minutes) })
    version += 1
  }
  for (let nth = 0; nth < tries; nth += 1) {
    let made: RequestId | null = null
    const [submission, edit] = await race(
      nth,
      async () => {
        made = await world.submit('alice', { durationMinutes: 60 })
      },
      save(30),
    )
    expect(edit).toEqual({ done: true })
    const trail = (await world.events()).slice(-2).map(({ action }) => action)
    if (submission.done && made !== null) {
      wins.madeBefore += 1
      expect(trail).toEqual(['request.submit', 'eligibility-policy.update'])
      await cancelRequest(world.ports, await as('alice', made))
    } else {
      wins.refused += 1
      expect(submission).toEqual({ done: false, code: 'duration_too_long' })
      expect(trail.at(-1)).toBe('eligibility-policy.update')
    }
    await save(120)()
  }
  expectBothWays(wins)
})
