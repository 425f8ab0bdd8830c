import type { z } from 'zod'
import type { Preferences, PreferencesPatch } from '#contract/me.ts'
import { refusal } from '#core/refusals.ts'
import { savePreferences } from '#server/store/preferences.ts'
import type { Actor } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { readPreferences } from './read-me.ts'
import { refusedWith } from './words.ts'

export async function changePreferences(
  ports: ChangePorts,
  actor: Actor,
  patch: z.output<typeof PreferencesPatch>,
): Promise<Preferences> {
  const { userId } = actor.person
  if (patch.timeZone != null && !isTimeZone(patch.timeZone)) {
    throw refusedWith(refusal('malformed', { expected: 'IANA time zone' }, 'timeZone'))
  }
  return makeChange(ports, async (c) => {
    const before = await readPreferences(c.tx, userId)
    const chosen = Object.entries(patch).filter(([, value]) => value !== undefined)
    const after: Preferences = { ...before, ...Object.fromEntries(chosen) }
    await savePreferences(c, userId, after)
    c.changed('person', userId)
    return after
  })
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
