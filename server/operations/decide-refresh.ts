import { refusal } from '#core/refusals.ts'
import { decideRefresh, lockUndecided, queueRefreshIn } from '#server/store/directory-refreshes.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { parseComment } from './comments.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { refusedWith } from './words.ts'

export interface RefreshInput {
  readonly actor: Actor
  readonly refreshId: string
  readonly comment: string | null
}

/**
 * The word that what a held refresh would remove is really gone. It removes nothing by itself: AWS
 * is read once more, and removed is what is missing then, if that is no more than was accepted.
 * Answers the id of that reading.
 */
export async function acceptRefresh(ports: ChangePorts, input: RefreshInput): Promise<string> {
  return decide(ports, input, 'accepted')
}

/** It was a bad reading: forget it. Also takes back an acceptance that is not used yet. */
export async function discardRefresh(ports: ChangePorts, input: RefreshInput): Promise<void> {
  await decide(ports, input, 'discarded')
}

async function decide(
  ports: ChangePorts,
  { actor, refreshId, comment: said }: RefreshInput,
  state: 'accepted' | 'discarded',
): Promise<string> {
  const comment = parseComment(said, { required: false })
  return makeChange(ports, async (c) => {
    const { userId: by } = actor.person
    const waiting = await lockUndecided(c.tx, refreshId)
    const isOpen = state === 'discarded' || waiting?.state === 'held'
    if (waiting === null || !isOpen) throw refusedWith(refusal('not_waiting'))
    if (state === 'accepted' && !waiting.removalsAreKnown) throw refusedWith(refusal('not_waiting'))
    await decideRefresh(c.tx, refreshId, { state, by, at: c.at })
    const counts = Object.entries(waiting.removals ?? {}).map(([kind, { count }]) => [kind, count])
    c.event({
      actor: eventActorOf(actor),
      action: state === 'accepted' ? 'directory.accept' : 'directory.discard',
      object: { type: 'directory', id: refreshId },
      payload: { held: waiting.failure, counts: Object.fromEntries(counts), comment },
    })
    return state === 'accepted' ? queueRefreshIn(c.tx, { askedBy: by, at: c.at }) : refreshId
  })
}
