import type { Organisation } from './types.ts'

/** Whoever signs a call. The sandbox knows these two and nobody else; README.md lists them. */
export interface Principal {
  kind: 'delegated-administrator' | 'management-account'
  accessKeyId: string
  secretAccessKey: string
  accountId: (organisation: Organisation) => string
  userName: string
  uniqueId: string
}

export const delegatedAdministrator: Principal = {
  kind: 'delegated-administrator',
  accessKeyId: 'AKIASANDBOXDELEGATED',
  secretAccessKey: 'sandbox-delegated-administrator-key-0001',
  accountId: (organisation) => organisation.delegatedAdministratorId,
  userName: 'team-server',
  uniqueId: 'AIDASANDBOXDELEGATED',
}

export const managementAccount: Principal = {
  kind: 'management-account',
  accessKeyId: 'AKIASANDBOXMANAGEMNT',
  secretAccessKey: 'sandbox-management-account-secret-key-01',
  accountId: (organisation) => organisation.managementAccountId,
  userName: 'organisation-owner',
  uniqueId: 'AIDASANDBOXMANAGEMNT',
}

export const principals: readonly Principal[] = [delegatedAdministrator, managementAccount]

export const arnOf = (principal: Principal, organisation: Organisation) =>
  `arn:aws:iam::${principal.accountId(organisation)}:user/${principal.userName}`
