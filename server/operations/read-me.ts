import type { Kysely } from 'kysely'
import { type Me, Preferences } from '#contract/me.ts'
import { roles } from '#core/access.ts'
import type { UserId } from '#core/ids.ts'
import { loadPerson } from '#server/store/people.ts'
import { loadPreferences } from '#server/store/preferences.ts'
import type { RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rulesFor } from './actor.ts'

export interface ReadMePorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
  /** Where the person finds their AWS accounts. */
  readonly portalUrl: string | null
}

export interface Reading {
  readonly csrfToken: string
  /** Where the change feed stood before the actor was read. */
  readonly latestChange: number
}

export async function readMe(ports: ReadMePorts, actor: Actor, reading: Reading): Promise<Me> {
  const { userId, userName, displayName, email } = actor.person
  const { settings } = await rulesFor(ports, actor)
  const person = await loadPerson(ports.db, userId)
  return {
    userId,
    userName,
    displayName,
    email,
    roles: roles.filter((role) => actor.roles.has(role)),
    preferences: await readPreferences(ports.db, userId),
    csrfToken: reading.csrfToken,
    portalUrl: ports.portalUrl,
    banner: settings.banner,
    ticket: {
      pattern: settings.ticketPattern,
      example: settings.ticketExample,
      help: settings.ticketHelp,
    },
    confirmedAt: person?.readAt.toISOString() ?? null,
    latestChange: reading.latestChange,
  }
}

const followTheBrowser: Preferences = {
  locale: null,
  timeZone: null,
  theme: 'system',
  density: 'comfortable',
  shortcuts: true,
  muted: {},
}

/** What an older or newer version stored and this one does not understand is as if never chosen. */
export async function readPreferences(db: Kysely<Schema>, userId: UserId): Promise<Preferences> {
  const stored = await loadPreferences(db, userId)
  const parsed = Preferences.partial().safeParse(stored ?? {})
  if (!parsed.success) return followTheBrowser
  const chosen = Object.entries(parsed.data).filter(([, value]) => value !== undefined)
  return { ...followTheBrowser, ...Object.fromEntries(chosen) }
}
