import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import type { Actor } from './actor.ts'
import type { PeopleConfirmer } from './confirm-person.ts'
import { Refused } from './refused.ts'
import { refusedWith } from './words.ts'

export interface RefreshMePorts {
  readonly confirmer: Pick<PeopleConfirmer, 'confirmPerson'>
  readonly loadActor: (userId: UserId) => Promise<Actor | null>
}

/** Has AWS asked about the person now, however fresh the last answer is; who they are by it. */
export async function refreshMe(ports: RefreshMePorts, { person }: Actor): Promise<Actor> {
  const confirmation = await ports.confirmer.confirmPerson(person.userId, { force: true })
  if (confirmation === 'unavailable') {
    throw new Refused('unconfirmed_with_aws', {
      detail: 'AWS could not be asked about you, so your access is shown as it was. Try again.',
    })
  }
  const actor = await ports.loadActor(person.userId)
  if (confirmation === 'gone' || actor === null) throw refusedWith(refusal('person_disabled'))
  return actor
}
