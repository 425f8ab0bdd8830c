/** Which permission sets are provisioned in an account: only those can be assigned there. */
import { ListPermissionSetsProvisionedToAccountCommand } from '@aws-sdk/client-sso-admin'
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import type { ProvisionedSets } from '#server/engine/assignments-port.ts'
import type { AwsClients, Lane } from './clients.ts'
import { isReadError } from './errors.ts'
import type { Instance, InstanceFinder } from './instance.ts'
import { createOffers } from './offers.ts'
import { allPages } from './pages.ts'

export interface ProvisionedSetsDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
  readonly lane: Lane
}

const operation = 'ListPermissionSetsProvisionedToAccount'
const pageSize = 100

export function createProvisionedSets({
  clients,
  instance,
  lane,
}: ProvisionedSetsDeps): ProvisionedSets {
  const offers = createOffers()

  async function list(
    AccountId: AccountId,
    { instanceArn: InstanceArn, region }: Instance,
  ): Promise<PermissionSetArn[]> {
    const sso = clients.ssoAdmin(lane, region)
    const input = { InstanceArn, AccountId, MaxResults: pageSize }
    const arns: PermissionSetArn[] = []
    const pages = allPages(operation, (page) =>
      sso.send(new ListPermissionSetsProvisionedToAccountCommand({ ...input, ...page })),
    )
    for await (const { PermissionSets = [] } of pages) {
      // ARNs of AWS's own answer.
      arns.push(...(PermissionSets as PermissionSetArn[]))
    }
    return arns
  }

  return {
    async provisionedIn(accountId) {
      const place = await instance.find()
      try {
        return await offers.ask(operation, () => list(accountId, place))
      } catch (error) {
        if (isReadError(error, 'not_found')) return []
        throw error
      }
    },
  }
}
