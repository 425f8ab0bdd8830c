import { refusal } from '#core/refusals.ts'
import { deleteSavedRequest, findSavedRequest } from '#server/store/saved-requests.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { makeChange } from './making-changes.ts'
import { mayOnSaved, savedRequestVersion, showSavedRequest } from './read-saved-requests.ts'
import { Refused } from './refused.ts'
import type { SaveRequestPorts } from './save-request.ts'
import { refusedWith } from './words.ts'

export async function removeSavedRequest(
  ports: SaveRequestPorts,
  {
    actor,
    id,
    version,
  }: { readonly actor: Actor; readonly id: string; readonly version: number | null },
): Promise<void> {
  await makeChange(ports, async (c) => {
    const rules = await ports.rules.load(c.tx)
    const saved = await findSavedRequest(c, id)
    if (saved === null || showSavedRequest(rules, actor, saved) === null) throw noSuchSaved()
    const allowed =
      saved.kind === 'template'
        ? mayOnSaved('saved-request.manage-templates', actor)
        : mayOnSaved('saved-request.delete', actor, saved)
    if (!allowed) {
      throw new Refused('not_allowed', { detail: 'Administrators delete templates.' })
    }
    if (version === null) throw refusedWith(refusal('version_required'))
    if (version !== savedRequestVersion) throw refusedWith(refusal('version_conflict'))
    if (!(await deleteSavedRequest(c, id))) throw noSuchSaved()
    const { kind, name, owner } = saved
    c.event({
      actor: eventActorOf(actor),
      action: 'saved-request.delete',
      object: { type: 'saved-request', id, version: savedRequestVersion + 1 },
      payload: { kind, name, ownerId: owner.userId, ownerName: owner.userName },
    })
  })
}

function noSuchSaved(): Refused {
  return new Refused('not_found', {
    detail: 'There is no such saved request, or it is not yours. It may have been deleted already.',
  })
}
