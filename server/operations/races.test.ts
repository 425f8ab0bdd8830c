/** Real SQL, real concurrency: whoever comes second is told so, and nothing is done twice. */
import { sql, type Transaction } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { genesisHash, hashEvent } from '#server/audit/chain.ts'
import type { Schema } from '#server/store/schema.ts'
import { createWorld, type PersonName, prodAdmin, type World } from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'
import { rejectRequest } from './reject-request.ts'
import { revokeAccess } from './revoke-access.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
})
afterEach(async () => {
  await expectChainToHold()
  await world.close()
})

/** However it went, the trail is whole. */
async function expectChainToHold() {
  const rows = await world.db.selectFrom('audit_event').selectAll().orderBy('seq').execute()
  let previous = genesisHash
  for (const [index, row] of rows.entries()) {
    const header = {
      seq: index + 1,
      at: row.at,
      actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
      action: row.action,
      object: { type: row.object_type, id: row.object_id },
      result: row.result,
    }
    expect(row.previous_hash).toEqual(previous)
    previous = hashEvent(previous, header, row.payload_hash)
    expect(row.hash).toEqual(previous)
  }
}

const as = async (name: PersonName, requestId: RequestId) => ({
  actor: await world.actor(name),
  requestId,
  comment: null,
})

async function race(...runs: (() => Promise<unknown>)[]) {
  const results = await Promise.allSettled(runs.map((run) => run()))
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'done'
    return 'code' in result.reason ? result.reason.code : result.reason
  })
}

test('of two approvals in one second one wins, and the other hears who was faster', async () => {
  const id = await world.submit('alice')
  const [bob, carol] = [await as('bob', id), await as('carol', id)]
  const results = await race(
    () => approveRequest(world.ports, bob),
    () => approveRequest(world.ports, carol),
  )
  expect(results.toSorted()).toEqual(['already_decided', 'done'])
  const request = await world.request(id)
  expect(request.status).toBe('scheduled')
  expect(request.decisions).toHaveLength(1)
  expect(world.told.filter(({ event }) => event === 'approved')).toHaveLength(1)
})

test('an approval and a rejection in one second give one decision', async () => {
  const id = await world.submit('alice')
  const [bob, carol] = [await as('bob', id), await as('carol', id)]
  const results = await race(
    () => approveRequest(world.ports, bob),
    () => rejectRequest(world.ports, carol),
  )
  expect(results.toSorted()).toEqual(['already_decided', 'done'])
  expect((await world.request(id)).decisions).toHaveLength(1)
})

test('one person who clicks twice votes once', async () => {
  await world.approval({ approvalsRequired: 2 })
  const id = await world.submit('alice')
  const bob = await as('bob', id)
  const results = await race(
    () => approveRequest(world.ports, bob),
    () => approveRequest(world.ports, bob),
  )
  expect(results.toSorted()).toEqual(['already_voted', 'done'])
  expect((await world.request(id)).decisions).toHaveLength(1)
})

test('two who must both approve, in one second, carry it together', async () => {
  await world.approval({ approvalsRequired: 2 })
  const id = await world.submit('alice')
  const [bob, carol] = [await as('bob', id), await as('carol', id)]
  const results = await race(
    () => approveRequest(world.ports, bob),
    () => approveRequest(world.ports, carol),
  )
  expect(results).toEqual(['done', 'done'])
  expect((await world.request(id)).status).toBe('scheduled')
})

test('an approval against a cancellation leaves either, never both', async () => {
  for (let round = 0; round < 5; round += 1) {
    const id = await world.submit('alice')
    const [bob, alice] = [await as('bob', id), await as('alice', id)]
    const [approval, cancellation] = await race(
      () => approveRequest(world.ports, bob),
      () => cancelRequest(world.ports, alice),
    )
    const { status, grant } = await world.request(id)
    // A scheduled request can be cancelled too, so the cancellation always succeeds in the end.
    expect(cancellation).toBe('done')
    expect(status).toBe('cancelled')
    if (approval === 'done') expect(grant?.overAt).toEqual(world.clock.now())
    else expect([approval, grant]).toEqual(['not_pending', null])
  }
})

test('two submissions for one key in one second make one request, and name it', async () => {
  const results = await Promise.allSettled([world.submit('alice'), world.submit('alice')])
  const made = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  expect(made).toHaveLength(1)
  expect(refused).toMatchObject([
    { code: 'duplicate_pending', params: { requestId: made[0] }, errors: [{ field: 'targets.0' }] },
  ])
})

test('two revocations of one person’s grants in one second end each once', async () => {
  const first = await world.submit('alice')
  await approveRequest(world.ports, await as('bob', first))
  await world.activate(first)
  const second = await world.submit('alice')
  await approveRequest(world.ports, await as('bob', second))
  const [bob, carol] = [await as('bob', first), await as('carol', second)]
  const results = await race(
    () => revokeAccess(world.ports, bob),
    () => revokeAccess(world.ports, carol),
  )
  expect(results.filter((result) => result === 'done')).toHaveLength(1)
  const revoked = (await world.events()).filter(({ action }) => action === 'request.revoke')
  expect(revoked).toHaveLength(2)
  expect((await world.request(first)).status).toBe('ending')
  expect((await world.request(second)).status).toBe('revoked')
})

test('a policy that is deleted while AWS is asked counts at the vote', async () => {
  const policy = await world.eligibility({ permissionSets: ['AdministratorAccess'] })
  const id = await world.submit('alice', { targets: [prodAdmin] })
  world.aws.meanwhile = () => world.removePolicy(policy)
  await expect(approveRequest(world.ports, await as('bob', id))).rejects.toMatchObject({
    code: 'no_longer_eligible',
  })
})

test('a decision waits for a change of rules that is being saved, and goes by what it says', async () => {
  const policy = await world.eligibility({ permissionSets: ['AdministratorAccess'] })
  const id = await world.submit('alice', { targets: [prodAdmin] })
  const bob = await as('bob', id)
  let approval: Promise<unknown> = Promise.resolve()
  await world.db.transaction().execute(async (tx) => {
    await tx.updateTable('rules_version').set({ version: sql`version + 1` }).execute()
    approval = race(() => approveRequest(world.ports, bob))
    await waitingForALock(tx)
    await tx
      .updateTable('eligibility_policy')
      .set({ deleted_at: world.clock.now() })
      .where('policy_id', '=', policy)
      .execute()
  })
  expect(await approval).toEqual(['no_longer_eligible'])
})

/** Until another session stands still because of this one. */
async function waitingForALock(tx: Transaction<Schema>): Promise<void> {
  for (let looks = 0; looks < 1_000; looks += 1) {
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::int as waiting from pg_stat_activity
      where pg_backend_pid() = any(pg_blocking_pids(pid))`.execute(tx)
    if (rows[0]!.waiting > 0) return
  }
  throw new Error('Nobody waits for the rules')
}

test('three people ask, and nine decisions fall, all at once', async () => {
  const ids = await Promise.all([world.submit('alice'), world.submit('erin'), world.submit('bob')])
  const carol = await Promise.all(ids.map((id) => as('carol', id)))
  const results = await race(
    ...carol.flatMap((input) => [
      () => approveRequest(world.ports, input),
      () => rejectRequest(world.ports, input),
      () => approveRequest(world.ports, input),
    ]),
  )
  expect(results.filter((result) => result === 'done')).toHaveLength(3)
  const keys = await world.db.selectFrom('ledger_key').selectAll().execute()
  const approved = await Promise.all(ids.map(async (id) => (await world.request(id)).grant))
  expect(keys).toHaveLength(approved.filter((grant) => grant !== null).length)
})
