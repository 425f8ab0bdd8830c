import type { AssignmentKey } from './types.ts'

export const targetOf = (key: Pick<AssignmentKey, 'accountId' | 'permissionSetArn'>) =>
  `${key.accountId} ${key.permissionSetArn}`
export const principalOf = (key: Pick<AssignmentKey, 'principalType' | 'principalId'>) =>
  `${key.principalType}/${key.principalId}`
export const keyOf = (key: AssignmentKey) => `${targetOf(key)} ${principalOf(key)}`
