/** The port through which operations have AWS asked about people before they act. */
import type { UserId } from '#core/ids.ts'
import { Refused } from './refused.ts'

/**
 * Re-reads into the replica everybody whose last reading is older than that. `unavailable`: AWS
 * could not be asked about at least one of them. Somebody who is gone is read, as disabled.
 */
export type ConfirmPeople = (
  userIds: readonly UserId[],
  maxAgeSeconds: number,
) => Promise<'confirmed' | 'unavailable'>

export async function confirmWith(
  confirmPeople: ConfirmPeople,
  userIds: readonly UserId[],
  asked: { maxAgeSeconds: number; about: string },
): Promise<void> {
  if ((await confirmPeople([...new Set(userIds)], asked.maxAgeSeconds)) === 'confirmed') return
  throw new Refused('unconfirmed_with_aws', {
    detail: `AWS could not be asked about ${asked.about}, so nothing was recorded. Try again in a minute.`,
  })
}
