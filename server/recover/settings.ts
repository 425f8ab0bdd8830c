/**
 * The ways back for whoever has the database but no administrator: another admin group, and no
 * second administrator needed (the domain's "Lockout" and "Nobody widens for themselves"). Each is an
 * event, and auditors and administrators are told.
 */
import { type Kysely, sql } from 'kysely'
import type { GroupId } from '#core/ids.ts'
import type { Settings } from '#core/settings.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { voidProposalsOf } from '#server/store/proposals.ts'
import { lockRules, raiseRulesVersion, readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings, updateSettings } from '#server/store/settings.ts'

export interface RecoverPorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly tellOverseers: TellOverseers
}

/** What cannot be done, in words for whoever typed it. */
export class CannotRecover extends Error {}

export interface RecoveredAdmins {
  readonly adminGroupId: GroupId
  readonly before: GroupId | null
  /** Enabled members, as TEAM's replica knows them. */
  readonly administrators: number
  readonly secondAdmin: boolean
}

const object = { type: 'setting', id: 'settings' } as const

export async function recoverAdminGroup(
  ports: RecoverPorts,
  groupId: string,
): Promise<RecoveredAdmins> {
  return change(ports.db, await ports.clock.now(), async (c) => {
    const adminGroupId = await presentGroup(c, groupId)
    const members = await readEnabledMembers(c.tx, [adminGroupId])
    const administrators = members.get(adminGroupId)?.size ?? 0
    if (administrators === 0) {
      throw new CannotRecover(
        `The group ${groupId} has no enabled member that TEAM knows of. Add somebody to it in IAM Identity Center, wait until the directory has been refreshed (5 minutes at most), and try again.`,
      )
    }
    const before = await changeOne(ports, c, {
      action: 'recovery.admin_group',
      name: 'adminGroupId',
      value: adminGroupId,
    })
    const { adminGroupId: was, secondAdmin } = before
    return { adminGroupId, before: was, administrators, secondAdmin }
  })
}

/** Answers whether it was on. */
export async function recoverSecondAdmin(ports: RecoverPorts): Promise<boolean> {
  return change(ports.db, await ports.clock.now(), async (c) => {
    const one = { action: 'recovery.second_admin_off', name: 'secondAdmin', value: false } as const
    return (await changeOne(ports, c, one)).secondAdmin
  })
}

async function presentGroup(c: Change, id: string): Promise<GroupId> {
  const rows = await c.tx
    .selectFrom('directory_group')
    .select(['group_id', 'display_name'])
    .where('gone_at', 'is', null)
    .where(sql<boolean>`(group_id = ${id} or lower(display_name) = lower(${id}))`)
    .execute()
  const found = rows.find((row) => row.group_id === id)
  // An id of the directory.
  if (found) return found.group_id as GroupId
  const [named] = rows
  throw new CannotRecover(
    named
      ? `${id} is the name of a group; give its id, which is ${rows.map((row) => row.group_id).join(' or ')}.`
      : `TEAM’s directory has no group with the id ${id}. The id is in IAM Identity Center under Groups, such as 94482488-3041-7026-18d1-a9b1a0b5b5a5.`,
  )
}

interface OneSetting {
  readonly action: string
  readonly name: 'adminGroupId' | 'secondAdmin'
  readonly value: Settings['adminGroupId'] | boolean
}

/** Answers the settings of before. What is so already is left alone. */
async function changeOne(
  { tellOverseers }: RecoverPorts,
  c: Change,
  { action, name, value }: OneSetting,
): Promise<Settings> {
  await lockRules(c.tx)
  const { version, settings } = await loadSettings(c.tx, { lock: true })
  if (version === 0) {
    throw new CannotRecover('There are no settings yet. Start TEAM once, which writes the first.')
  }
  if (settings[name] === value) return settings
  await updateSettings(c, {
    settings: { ...settings, [name]: value },
    expectedVersion: version,
    by: systemActor.id,
  })
  c.event({
    actor: systemActor,
    action,
    object: { ...object, version: version + 1 },
    payload: { before: settings[name], after: value },
  })
  for (const voided of await voidProposalsOf(c, object)) {
    c.event({
      actor: systemActor,
      action: 'proposal.void',
      object: { type: 'proposal', id: voided.id, version: voided.version },
      payload: { reason: 'changed', authorId: voided.authorId },
    })
  }
  await tellOverseers(c, {
    event: 'rules_changed',
    facts: {
      object,
      verb: 'update',
      version: version + 1,
      widens: [name],
      by: 'team recover',
      acceptedBy: null,
      at: c.at.toISOString(),
    },
  })
  await raiseRulesVersion(c.tx)
  return settings
}
