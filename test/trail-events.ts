/** A long trail, quickly: a chain as `change()` would have written it, a few thousand rows a time. */
import type pg from 'pg'
import { genesisHash, hashEvent, sealPayload } from '#server/audit/chain.ts'

const rowsABatch = 5_000
/** A minute apart, so that a million of them are two years. */
const everyMs = 60_000

export interface TrailOptions {
  readonly events: number
  readonly from: Date
}

/** Written behind whatever is there; answers the head. */
export async function fillTrail(owner: pg.Pool, { events, from }: TrailOptions) {
  const { rows } = await owner.query<{ seq: string; hash: Buffer }>('select * from audit_head')
  let { seq, hash } = rows[0]
    ? { seq: Number(rows[0].seq), hash: rows[0].hash }
    : { seq: 0, hash: genesisHash }
  for (let done = 0; done < events; done += rowsABatch) {
    const batch: unknown[][] = Array.from({ length: 14 }, () => [])
    for (let index = done; index < Math.min(done + rowsABatch, events); index += 1) {
      const payload = sealPayload(payloadOf(index))
      const at = new Date(from.getTime() + index * everyMs)
      const actor = {
        type: 'user',
        id: `u-${index % 500}`,
        name: `p${index % 500}@example.com`,
      } as const
      const object = { type: 'request', id: `r-${index >> 2}` }
      const action = actions[index % actions.length] ?? 'request.submit'
      const previous = hash
      seq += 1
      hash = hashEvent(previous, { seq, at, actor, action, object, result: 'done' }, payload.hash)
      const row = [seq, at, actor.type, actor.id, actor.name, action, object.type, object.id]
      const rest = ['done', payload.text, payload.salt, payload.hash, previous, hash]
      for (const [column, value] of [...row, ...rest].entries()) batch[column]?.push(value)
    }
    await owner.query(
      `insert into audit_event select * from unnest($1::bigint[], $2::timestamptz[], $3::text[],
         $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
         $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[])`,
      batch,
    )
  }
  await owner.query('update audit_head set seq = $1, hash = $2', [seq, hash])
  return { seq, hash: hash.toString('hex') }
}

const actions = ['request.submit', 'request.approve', 'access.active', 'access.over']

function payloadOf(index: number): object {
  return {
    accountId: '111122223333',
    permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-a1b2c3d4e5f6a7b8',
    durationMinutes: 60,
    justification: `Looking at why the nightly job failed, ticket OPS-${index} 障害対応`,
    excessSeconds: index % 7 === 0 ? 1.5 : null,
    explanation: { policies: [{ policyId: `policy-${index % 40}`, approvalRequired: true }] },
  }
}
