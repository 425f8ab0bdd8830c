/** A row of the sample's table Eligibility as an eligibility policy. */
import type { z } from 'zod'
import { EligibilityPolicyBody } from '#contract/policy.ts'
import { outOfReach } from '#core/eligibility.ts'
import type { PermissionSetArn } from '#core/ids.ts'
import { asBody, type Entry, type Fields, hoursInWords, noteFrom, readPolicy } from './entry.ts'
import { type Known, peopleOf } from './known.ts'
import { shown } from './shown.ts'
import type { Row } from './source.ts'
import { accountTargets, unitTargets } from './targets.ts'

export type EligibilityEntry = Entry<z.output<typeof EligibilityPolicyBody>>

/** The longest that the API takes; nobody can be given more than the global maximum anyway. */
const durationMinutesMax = 100_000

export function eligibilityEntry(row: Row, known: Known): EligibilityEntry {
  const { entry, fields } = readPolicy<z.output<typeof EligibilityPolicyBody>>(row)
  const subject = subjectOf(entry, fields, known)
  const accounts = accountTargets(entry, fields.ids('accounts'), fields, known)
  const organizationalUnits = unitTargets(entry, fields.ids('ous'), fields, known)
  const permissionSets = permissionSetsOf(entry, fields, known)
  const minutes = fields.hours('duration')
  const approvalRequired = fields.flag('approvalRequired', true)
  if (accounts.length + organizationalUnits.length === 0) {
    fields.tell('accounts', 'no account or unit that it names is left')
  }
  if (permissionSets.length === 0)
    fields.tell('permissions', 'no permission set that it names is left')
  const hasTargets = accounts.length + organizationalUnits.length > 0 && permissionSets.length > 0
  if (subject === null || minutes === null || !hasTargets) return entry
  const input = {
    subject,
    targets: { accounts, organizationalUnits, root: false },
    permissionSets,
    maxDurationMinutes: durationWithin(entry, minutes),
    approvalRequired,
    ticket: fields.text('ticketNo') || null,
    note: noteFrom(fields),
  }
  entry.body = asBody(EligibilityPolicyBody, input, fields.tell)
  return entry
}

function subjectOf(entry: EligibilityEntry, fields: Fields, known: Known) {
  const { key, item } = entry.row
  const said = fields.text('type')
  const user = known.users.get(key)
  const groupName = known.groupNames.get(key)
  const type = user ? ('user' as const) : ('group' as const)
  if (user === undefined && groupName === undefined) {
    fields.tell(
      'id',
      `IAM Identity Center has no such ${said === 'User' ? 'user' : 'group'} any more`,
    )
    return null
  }
  if (said.toLowerCase() !== type) {
    fields.tell(
      'type',
      `says ${shown(said) || 'nothing'}; the id is a ${type}’s, and is taken as that`,
    )
  }
  const name = user?.userName ?? groupName ?? ''
  if (item.name !== name) {
    entry.meanings.push({
      code: 'renamed',
      text: `Called ${entry.name} in the sample, ${shown(name)} in IAM Identity Center today; the id decides.`,
    })
  }
  if (peopleOf(known, { type, id: key }).size === 0) {
    entry.meanings.push({ code: 'nobody', text: 'Nobody enabled is meant by it today.' })
  }
  return { type, id: key }
}

function permissionSetsOf(entry: EligibilityEntry, fields: Fields, known: Known): string[] {
  const { permissionSets } = known.rules.directory
  return fields.ids('permissions').flatMap(({ id, name, field }) => {
    // Looked up: what is not an ARN is not in it.
    const permissionSet = permissionSets.get(id as PermissionSetArn)
    if (permissionSet === undefined) {
      fields.tell(field, `there is no permission set ${shown(id)} (${shown(name)})`)
      return []
    }
    if (outOfReach({ account: null, permissionSet }) !== null) {
      entry.meanings.push({
        code: 'out_of_reach',
        text: `${permissionSet.name} is provisioned in the management account: the sample may have offered it, TEAM never does.`,
      })
    }
    return [id]
  })
}

function durationWithin(entry: EligibilityEntry, minutes: number): number {
  if (minutes <= durationMinutesMax) return minutes
  entry.meanings.push({
    code: 'duration_shortened',
    text: `${hoursInWords(minutes)} become ${hoursInWords(durationMinutesMax)}, the most that a policy may name.`,
  })
  return durationMinutesMax
}
