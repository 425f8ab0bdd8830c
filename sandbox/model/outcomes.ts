import { keyOf } from './keys.ts'
import type { State } from './state.ts'
import type { Operation } from './types.ts'

/**
 * Why an operation that was accepted fails in the end; null if it has its effect. README.md says
 * which of these words AWS has been seen to use, and which are guesses.
 */
export function failureOf(state: State, operation: Operation): string | null {
  const account = state.accounts.get(operation.accountId)
  if (account !== undefined && account.state !== 'ACTIVE') return outOfReach(account.accountId)
  return operation.kind === 'create'
    ? creationFailure(state, operation)
    : deletionFailure(state, operation)
}

function creationFailure(state: State, operation: Operation): string | null {
  const { accountId, permissionSetArn } = operation
  if (!state.accounts.has(accountId)) return notFound('Account not found.')
  if (!state.permissionSets.has(permissionSetArn)) return notFound('PermissionSet not found.')
  if (!isThere(state, operation)) return assigneeGone(state, operation)
  const roles = state.rolesOfAccount.at(accountId)
  const { rolesPerAccount } = state.settings
  if (roles.has(permissionSetArn) || roles.size < rolesPerAccount) return null
  return `Received a 409 status error: Cannot exceed quota for RolesPerAccount: ${rolesPerAccount}`
}

function deletionFailure(state: State, operation: Operation): string | null {
  if (!state.assignments.has(keyOf(operation))) return notFound('Assignment not found.')
  if (state.settings.orphansStay && !isThere(state, operation)) {
    return assigneeGone(state, operation)
  }
  return null
}

function isThere(state: State, { principalType, principalId }: Operation): boolean {
  return (principalType === 'USER' ? state.users : state.groups).has(principalId)
}

const notFound = (what: string) => `Received a 404 status error: ${what}`

const assigneeGone = (state: State, { principalType, principalId }: Operation) =>
  notFound(
    `the ${principalType} assignee ${principalId} was not found in directory ${state.organisation.identityStoreId}`,
  )

const outOfReach = (accountId: string) =>
  `AWS SSO is unable to complete your request at this time. Obtaining permissions to manage your AWS account '${accountId}' is taking longer than usual. This is not common. Please try again later.`
