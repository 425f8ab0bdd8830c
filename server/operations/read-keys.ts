import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { KeysQuery, ReconcilerKey } from '#contract/reconciler.ts'
import { type KeyFacts, keyActions, refuseKeyAction } from '#core/key-actions.ts'
import { type Drift, driftPlace, listDrift } from '#server/store/drift.ts'
import { listKeys, loadStoredKey, type StoredKey } from '#server/store/ledger-keys.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Actor } from './actor.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { Refused } from './refused.ts'

const Cursor = z.tuple([z.int()])
const DriftCursor = z.tuple([z.iso.datetime(), z.string(), z.string(), z.string()])

interface Ports {
  readonly db: Kysely<Schema>
}

export async function readKeys(
  { db }: Ports,
  actor: Actor,
  { state, limit, cursor }: z.output<typeof KeysQuery>,
): Promise<{ items: ReconcilerKey[]; nextCursor: string | null }> {
  if (state === 'drift') return readDrift(db, { limit, cursor })
  const [beforeId] = decodeCursor(cursor, Cursor) ?? [null]
  const found = await listKeys(db, { state: state ?? null, limit, beforeId })
  const page = pageOf(found, limit, ({ keyId }) => [keyId])
  return { ...page, items: page.items.map((key) => showKey(actor, key)) }
}

async function readDrift(
  db: Kysely<Schema>,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
) {
  const after = decodeCursor(cursor, DriftCursor)
  const page = pageOf(await listDrift(db, { limit, after }), limit, driftPlace)
  return { ...page, items: page.items.map(showDrift) }
}

function showDrift(drift: Drift): ReconcilerKey {
  const { principalId, displayName, userName } = drift
  const isUser = drift.principalType === 'USER'
  return {
    id: null,
    person: isUser ? { userId: principalId, userName: userName ?? principalId, displayName } : null,
    group: isUser ? null : { groupId: principalId, displayName },
    accountId: drift.accountId,
    accountName: drift.accountName,
    permissionSetArn: drift.permissionSetArn,
    permissionSetName: drift.permissionSetName,
    drift: {
      firstSeenAt: drift.firstSeenAt.toISOString(),
      lastSeenAt: drift.lastSeenAt.toISOString(),
    },
    held: false,
    presence: 'present',
    confirmedAt: drift.lastSeenAt.toISOString(),
    call: null,
    watchedUntil: null,
    late: null,
    attempts: 0,
    lastError: null,
    nextTryAt: null,
    grants: [],
    actions: [],
  }
}

export async function readKey({ db }: Ports, actor: Actor, keyId: number): Promise<ReconcilerKey> {
  const key = await loadStoredKey(db, keyId)
  if (key === null) throw noSuchKey()
  return showKey(actor, key)
}

export function noSuchKey(): Refused {
  return new Refused('not_found', { detail: 'The ledger has no such key. Check the id.' })
}

export function keyFactsOf(actor: Actor, key: StoredKey): KeyFacts {
  const { alarm } = key
  return {
    isAdmin: actor.roles.has('admin'),
    isOwn: actor.person.userId === key.userId,
    held: key.held,
    callInFlight: key.call !== null,
    watched: key.watchedUntil !== null,
    alarm: alarm === null ? 'none' : alarm.acknowledged === null ? 'open' : 'acknowledged',
  }
}

function showKey(actor: Actor, key: StoredKey): ReconcilerKey {
  const { alarm, call } = key
  return {
    id: String(key.keyId),
    person: { userId: key.userId, userName: key.userName, displayName: key.displayName },
    group: null,
    drift: null,
    accountId: key.accountId,
    accountName: key.accountName,
    permissionSetArn: key.permissionSetArn,
    permissionSetName: key.permissionSetName,
    held: key.held,
    presence: key.presence,
    confirmedAt: textOf(key.confirmedAt),
    call: call && { kind: call.kind, since: call.since.toISOString() },
    watchedUntil: textOf(key.watchedUntil),
    late: alarm && {
      since: alarm.raisedAt.toISOString(),
      acknowledged: alarm.acknowledged && {
        ...alarm.acknowledged,
        at: alarm.acknowledged.at.toISOString(),
      },
    },
    attempts: key.attempts,
    lastError: key.lastError,
    nextTryAt: textOf(key.nextTryAt),
    grants: key.grants.map((grant) => ({ ...grant })),
    actions: keyActions.map((name) => {
      const refused = refuseKeyAction(name, keyFactsOf(actor, key))
      return refused ? { name, allowed: false, code: refused.code } : { name, allowed: true }
    }),
  }
}

function textOf(date: Date | null): string | null {
  return date?.toISOString() ?? null
}
