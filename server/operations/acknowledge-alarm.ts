import { refuseKeyAction } from '#core/key-actions.ts'
import {
  acknowledgeAlarm as acknowledge,
  loadStoredKey,
  lockKey,
} from '#server/store/ledger-keys.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { requireComment } from './comments.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { keyFactsOf, noSuchKey } from './read-keys.ts'
import { refusedWith } from './words.ts'

export interface KeyInput {
  readonly actor: Actor
  readonly keyId: number
  readonly comment: string | null
}

/**
 * Somebody has seen it and says what they do about it. The alarm stays until removal is confirmed,
 * and TEAM goes on trying; a later alarm of the same key is another one.
 */
export async function acknowledgeAlarm(ports: ChangePorts, input: KeyInput): Promise<void> {
  const comment = requireComment(input.comment)
  const { actor, keyId } = input
  await makeChange(ports, async (c) => {
    if ((await loadStoredKey(c.tx, keyId)) === null) throw noSuchKey()
    await lockKey(c.tx, keyId)
    const key = await loadStoredKey(c.tx, keyId)
    if (key === null) throw noSuchKey()
    const refused = refuseKeyAction('acknowledge', keyFactsOf(actor, key))
    if (refused) {
      const { userName: by, at } = key.alarm?.acknowledged ?? {}
      throw refusedWith(refused, at && by ? { by, at: at.toISOString() } : {})
    }
    if (key.alarm === null) return
    const { userId, userName } = actor.person
    await acknowledge(c.tx, key.alarm.alarmId, { userId, userName, comment, at: c.at })
    c.event({
      actor: eventActorOf(actor),
      action: 'key.acknowledge',
      object: { type: 'key', id: String(keyId) },
      payload: {
        userId: key.userId,
        accountId: key.accountId,
        permissionSetArn: key.permissionSetArn,
        comment,
        raisedAt: key.alarm.raisedAt.toISOString(),
        attempts: key.attempts,
        lastError: key.lastError,
      },
    })
  })
}
