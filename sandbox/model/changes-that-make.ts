import { targetOf } from './keys.ts'
import type { State } from './state.ts'
import type { Change } from './types.ts'

/** The fewest changes that give this state again. */
export function* changesThatMake(state: State): Generator<Change> {
  if (state.founded) yield { type: 'organisation', value: state.organisation }
  if (state.founded) yield { type: 'organization-services', value: state.services }
  for (const value of state.emailIdentities.values()) yield { type: 'email-identity', value }
  for (const value of state.organizationalUnits.values())
    yield { type: 'organizational-unit', value }
  for (const value of state.accounts.values()) yield { type: 'account', value }
  for (const value of state.permissionSets.values()) yield { type: 'permission-set', value }
  for (const value of state.users.values()) yield { type: 'user', value }
  for (const value of state.groups.values()) yield { type: 'group', value }
  for (const value of state.memberships.values()) yield { type: 'membership', value }
  for (const value of state.assignments.values()) {
    // The role outlives the assignment that made it, so its suffix is written, not the assignment's.
    const role = state.rolesOfAccount.at(value.accountId).get(value.permissionSetArn)
    yield { type: 'assignment', value: { ...value, roleSuffix: role ?? value.roleSuffix } }
  }
  for (const value of state.roles()) {
    if (state.assignmentsOfTarget.at(targetOf(value)).size === 0) yield { type: 'role', value }
  }
  for (const value of state.operations.values()) yield { type: 'operation', value }
  for (const value of state.applications.values()) yield { type: 'application', value }
  for (const value of state.mails) yield { type: 'mail', value }
  for (const value of state.tables.values()) yield { type: 'table', value }
  for (const value of state.topics.values()) yield { type: 'topic', value }
  for (const value of state.topicMessages) yield { type: 'topic-message', value }
  for (const value of state.stacks.values()) yield { type: 'stack', value }
  for (const value of state.changeSets.values()) yield { type: 'change-set', value }
  for (const value of state.calls) yield { type: 'call', value }
  for (const value of state.trailEvents) yield { type: 'trail-event', value }
  for (const value of state.trailQueries.values()) yield { type: 'trail-query', value }
  for (const value of state.consoleSessions) yield { type: 'console-session', value }
  for (const value of state.faults.values()) yield { type: 'fault', value }
  yield { type: 'settings', value: state.settings }
  if (state.portalSecrets !== null) yield { type: 'portal-secrets', value: state.portalSecrets }
}
