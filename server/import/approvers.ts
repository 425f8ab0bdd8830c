/** A row of the sample's table Approvers as an approver policy. */
import type { z } from 'zod'
import { ApproverPolicyBody } from '#contract/policy.ts'
import type { GroupId } from '#core/ids.ts'
import { asBody, type Entry, type Fields, noteFrom, readPolicy } from './entry.ts'
import type { Known } from './known.ts'
import { shown } from './shown.ts'
import type { Row } from './source.ts'
import { accountTargets, unitTargets } from './targets.ts'

export type ApproverEntry = Entry<z.output<typeof ApproverPolicyBody>>

export function approverEntry(row: Row, known: Known): ApproverEntry {
  const { entry, fields } = readPolicy<z.output<typeof ApproverPolicyBody>>(row)
  const named = [{ id: row.key, name: entry.name, field: 'id' }]
  const isAccount = /^\d{12}$/.test(row.key)
  const accounts = isAccount ? accountTargets(entry, named, fields, known) : []
  const organizationalUnits = isAccount ? [] : unitTargets(entry, named, fields, known)
  const approverGroups = groupsOf(entry, fields, known)
  if (approverGroups.length === 0) fields.tell('groupIds', 'no group that it names is left')
  tellHowMany(entry, approverGroups, known)
  if (accounts.length + organizationalUnits.length === 0 || approverGroups.length === 0)
    return entry
  const input = {
    targets: { accounts, organizationalUnits, root: false },
    approverGroups,
    ticket: fields.text('ticketNo') || null,
    note: noteFrom(fields),
  }
  entry.body = asBody(ApproverPolicyBody, input, fields.tell)
  return entry
}

/** By id. Rows that an early version of the sample wrote have names alone. */
function groupsOf(entry: ApproverEntry, fields: Fields, known: Known): string[] {
  const ids = [...new Set(fields.texts('groupIds'))]
  if (ids.length === 0) return groupsByName(entry, fields, known)
  return ids.filter((id, at) => {
    if (known.groupNames.has(id)) return true
    const name = fields.texts('approvers')[at]
    fields.tell(
      `groupIds.${at}`,
      `IAM Identity Center has no group ${shown(id)}${name === undefined ? '' : ` (${shown(name)})`} any more`,
    )
    return false
  })
}

function groupsByName(entry: ApproverEntry, fields: Fields, known: Known): string[] {
  return fields.texts('approvers').flatMap((name, at) => {
    const found = known.groupsByName.get(name.trim().toLowerCase()) ?? []
    const [id] = found
    if (id === undefined || found.length > 1) {
      fields.tell(
        `approvers.${at}`,
        `${found.length === 0 ? 'no group is' : `${found.length} groups are`} called ${shown(name)}`,
      )
      return []
    }
    entry.meanings.push({
      code: 'group_by_name',
      text: `The row names the group ${shown(name)} without its id; the group of that name today (${id}) is taken.`,
    })
    return [id]
  })
}

/** The sample counts memberships; TEAM counts people, and never the one who asks. */
function tellHowMany(entry: ApproverEntry, groups: readonly string[], known: Known): void {
  if (groups.length === 0) return
  const members = groups.map((id) => known.members.get(id as GroupId) ?? new Set<never>())
  const people = new Set(members.flatMap((set) => [...set]))
  const rows = members.reduce((sum, set) => sum + set.size, 0)
  const [only] = people
  if (only === undefined) {
    entry.meanings.push({ code: 'nobody', text: 'Nobody enabled could approve by it today.' })
  } else if (people.size === 1) {
    const name = shown(known.users.get(only)?.userName ?? only)
    const twice = rows > 1 ? ` (whom the sample counts ${rows} times)` : ''
    entry.meanings.push({
      code: 'one_approver',
      text: `Only ${name}${twice} could approve by it: what ${name} asks for is refused unless another policy has approvers for it.`,
    })
  }
}
