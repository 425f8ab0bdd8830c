/** What people often ask for, kept under a name: their own, and templates for everybody eligible. */
import type { Target } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'
import { durationMinutesLimit } from './settings.ts'

export const savedRequestKinds = ['own', 'template'] as const
export type SavedRequestKind = (typeof savedRequestKinds)[number]

export const savedRequestNameCharactersMax = 100
/** Own ones of one person, and templates of all administrators together. */
export const savedRequestsMax = { own: 50, template: 200 } as const

/** `refuseTarget` says what else speaks against a target. */
export function refuseSavedTargets(
  targets: readonly Target[],
  refuseTarget: (target: Target) => Refusal | null,
): Refusal[] {
  return targets.flatMap((target, position) => {
    const field = `targets.${position}`
    const isTwice = targets
      .slice(0, position)
      .some(
        ({ accountId, permissionSetArn }) =>
          accountId === target.accountId && permissionSetArn === target.permissionSetArn,
      )
    const refused = isTwice ? refusal('duplicate_target') : refuseTarget(target)
    return refused ? [{ ...refused, field }] : []
  })
}

/** The policies judge it anew each time somebody asks; here it need only be a duration. */
export function refuseSavedDuration(minutes: number): Refusal[] {
  const isDuration = Number.isSafeInteger(minutes) && minutes >= 1
  if (isDuration && minutes <= durationMinutesLimit) return []
  return [refusal('duration_malformed', {}, 'durationMinutes')]
}
