import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PolicyId, RequestId } from '#core/ids.ts'
import {
  createWorld,
  devReadOnly,
  type PersonName,
  people,
  prodReadOnly,
  type World,
} from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { createGrantWatch, type GrantWatch } from './watch-grants.ts'

let world: World
let watch: GrantWatch
let policy: PolicyId
/** Ids of what AWS answers nothing about. */
let silent: Set<string>
beforeEach(async () => {
  world = await createWorld()
  policy = await world.eligibility()
  await world.approval()
  silent = new Set()
  const read = async (id: string) => {
    if (silent.has(id)) throw new Error('AccessDeniedException')
    return { kind: 'not_offered' as const }
  }
  watch = createGrantWatch({
    ...world.ports,
    confirmer: { confirmPerson: async (id) => (silent.has(id) ? 'unavailable' : 'confirmed') },
    objects: { readAccount: read, readPermissionSet: read },
    log: { info: () => {}, warn: () => {} },
  })
})
afterEach(() => world.close())

async function approved(name: PersonName, target = prodReadOnly): Promise<RequestId> {
  const requestId = await world.submit(name, { targets: [target] })
  const actor = await world.actor('bob')
  await approveRequest(world.ports, { actor, requestId, comment: null })
  return requestId
}

async function active(name: PersonName, target = prodReadOnly): Promise<RequestId> {
  const id = await approved(name, target)
  await world.activate(id)
  return id
}

async function disable(name: PersonName) {
  await world.db
    .updateTable('directory_user')
    .set({ enabled: false })
    .where('user_id', '=', people[name])
    .execute()
  await replicaChanged()
}

async function suspend(accountId: string) {
  await world.db
    .updateTable('directory_account')
    .set({ state: 'SUSPENDED' })
    .where('account_id', '=', accountId)
    .execute()
  await replicaChanged()
}

const replicaChanged = () =>
  world.db.updateTable('directory_version').set({ version: sql`version + 1` }).execute()

/** As the leader's chore: once a second. */
async function watchFor(seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    world.pass(1)
    await watch.endLost(world.clock.now(), {})
  }
}

const statusOf = async (id: RequestId) => (await world.request(id)).status

describe('what AWS will not tell about', () => {
  test('keeps no access alive that does not rest on it', async () => {
    const open = await active('alice')
    const gone = await active('erin', devReadOnly)
    silent.add(prodReadOnly.accountId)
    await suspend(prodReadOnly.accountId)
    await disable('erin')
    await watchFor(1)
    expect([await statusOf(open), await statusOf(gone)]).toEqual(['active', 'ending'])
  })

  test('keeps no access of a disabled person alive: whoever is disabled has lost it everywhere', async () => {
    const id = await active('erin')
    silent.add(prodReadOnly.accountId).add(prodReadOnly.permissionSetArn)
    await disable('erin')
    await watchFor(1)
    expect(await statusOf(id)).toBe('ending')
  })

  test('ends nothing that does rest on it, until AWS answers', async () => {
    const suspended = await active('alice')
    const disabled = await active('erin', devReadOnly)
    silent.add(prodReadOnly.accountId).add(people.erin)
    await suspend(prodReadOnly.accountId)
    await disable('erin')
    await watchFor(60)
    expect([await statusOf(suspended), await statusOf(disabled)]).toEqual(['active', 'active'])
    silent.clear()
    await watchFor(11)
    expect([await statusOf(suspended), await statusOf(disabled)]).toEqual(['ending', 'ending'])
  })
})

test('a grant whose ending cannot be written holds up no other', async () => {
  const ids = [await active('alice'), await active('erin', devReadOnly)].toSorted()
  const { owner } = world.database
  await owner.query(`
    create function refuse() returns trigger language plpgsql as 'begin raise ''no''; end';
    create trigger refuse before update on request for each row
      when (new.request_id = '${ids[0]}') execute function refuse()`)
  await world.removePolicy(policy)
  await watchFor(1)
  expect(await Promise.all(ids.map(statusOf))).toEqual(['active', 'ending'])
  await owner.query('drop trigger refuse on request')
  await watchFor(11)
  expect(await Promise.all(ids.map(statusOf))).toEqual(['ending', 'ending'])
})

test('a grant that was being given while its policy went is ended, though no pass saw it then', async () => {
  const id = await approved('alice')
  // The check at activation saw the policy; what it allowed is committed after the first pass.
  await world.removePolicy(policy)
  await watchFor(1)
  await world.activate(id)
  await watchFor(10)
  expect(await statusOf(id)).toBe('ending')
})
