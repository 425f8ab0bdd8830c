/** One account or permission set, read by itself. */
import {
  type Account,
  DescribeAccountCommand,
  ListParentsCommand,
} from '@aws-sdk/client-organizations'
import { DescribePermissionSetCommand } from '@aws-sdk/client-sso-admin'
import type { AccountId, OuId, PermissionSetArn } from '#core/ids.ts'
import type { ObjectReading, Objects } from '#server/engine/objects-port.ts'
import type { AccountRead, PermissionSetRead } from '#server/store/directory-snapshot.ts'
import type { AwsClients } from './clients.ts'
import { isReadError, reading } from './errors.ts'
import type { InstanceFinder } from './instance.ts'
import { accountOf } from './organization.ts'
import { minutesOf } from './session-duration.ts'
import { cleanText } from './text.ts'

/** AWS Organizations quotas: 5 levels of OUs below the root; ten times that is no tree. */
const levelsMax = 50

export interface ObjectsDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
}

export function createObjects({ clients, instance }: ObjectsDeps): Objects {
  async function parentOf(childId: string): Promise<OuId | null> {
    const { Parents = [] } = await reading('ListParents', () =>
      clients.organizations().send(new ListParentsCommand({ ChildId: childId })),
    )
    // An id of AWS's own answer.
    return (Parents[0]?.Id ?? null) as OuId | null
  }

  async function pathTo(accountId: AccountId): Promise<OuId[]> {
    const path: OuId[] = []
    let unit = await parentOf(accountId)
    while (unit !== null && path.length < levelsMax) {
      path.unshift(unit)
      unit = unit.startsWith('r-') ? null : await parentOf(unit)
    }
    return path
  }

  async function describe(accountId: AccountId): Promise<Account | undefined> {
    const command = new DescribeAccountCommand({ AccountId: accountId })
    const answer = await reading('DescribeAccount', () => clients.organizations().send(command))
    return answer.Account
  }

  return {
    async readAccount(accountId) {
      const { managementAccountId } = await instance.find()
      return unlessAbsent<AccountRead>('DescribeAccount', async () => {
        const account = await describe(accountId)
        if (account === undefined) return null
        return accountOf(account, await pathTo(accountId), managementAccountId)
      })
    },
    async readPermissionSet(arn: PermissionSetArn) {
      const { instanceArn, region } = await instance.find()
      const input = { InstanceArn: instanceArn, PermissionSetArn: arn }
      return unlessAbsent<PermissionSetRead>('DescribePermissionSet', async () => {
        const { PermissionSet } = await reading('DescribePermissionSet', () =>
          clients.ssoAdmin('other', region).send(new DescribePermissionSetCommand(input)),
        )
        return {
          permissionSetArn: arn,
          name: PermissionSet?.Name ?? arn,
          description: cleanText(PermissionSet?.Description ?? ''),
          sessionMinutes: minutesOf(PermissionSet?.SessionDuration),
          inManagementAccount: null,
        }
      })
    },
  }
}

/** Gone is only what the operation that asks for it by itself does not find. */
async function unlessAbsent<Found>(
  operation: string,
  read: () => Promise<Found | null>,
): Promise<ObjectReading<Found>> {
  try {
    const found = await read()
    return found === null ? { kind: 'not_offered' } : { kind: 'read', found }
  } catch (error) {
    if (isReadError(error, 'not_found') && error.operation === operation) return { kind: 'gone' }
    if (isReadError(error, 'unsupported')) return { kind: 'not_offered' }
    throw error
  }
}
