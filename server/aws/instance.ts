/** Which Identity Center instance TEAM works on; found once, looked for again after a failure. */
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations'
import { type InstanceMetadata, ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { AccountId } from '#core/ids.ts'
import type { AwsClients } from './clients.ts'
import { AwsReadError, isReadError, reading } from './errors.ts'
import { allPages } from './pages.ts'

export interface Instance {
  readonly instanceArn: string
  readonly identityStoreId: string
  /** Absent `PrimaryRegion` → null: the configured Region. */
  readonly primaryRegion: string | null
  /** Where assignments and the Identity Store are asked. */
  readonly region: string
  readonly ownerAccountId: string | null
  readonly managementAccountId: AccountId
}

export interface Caller {
  readonly accountId: string
  readonly arn: string
}

export interface InstanceFinder {
  find(): Promise<Instance>
  /** After an error that another instance or Region would explain. */
  forget(): void
  caller(): Promise<Caller>
}

export function createInstanceFinder(clients: AwsClients): InstanceFinder {
  let found: Promise<Instance> | null = null
  let called: Promise<Caller> | null = null
  return {
    find() {
      found ??= findInstance(clients).catch((error: unknown) => {
        found = null
        throw error
      })
      return found
    },
    forget() {
      found = null
    },
    caller() {
      called ??= findCaller(clients).catch((error: unknown) => {
        called = null
        throw error
      })
      return called
    },
  }
}

async function findInstance(clients: AwsClients): Promise<Instance> {
  const sso = clients.ssoAdmin('other')
  const configuredRegion = await sso.config.region()
  const instances: InstanceMetadata[] = []
  await reading('ListInstances', async () => {
    const list = allPages('ListInstances', (page) => sso.send(new ListInstancesCommand(page)))
    for await (const page of list) instances.push(...(page.Instances ?? []))
  })
  const managementAccountId = await findManagementAccount(clients, instances)
  const chosen = chooseInstance(instances, { managementAccountId, region: configuredRegion })
  const { InstanceArn, IdentityStoreId, OwnerAccountId, PrimaryRegion } = chosen
  if (InstanceArn === undefined || IdentityStoreId === undefined) {
    throw noInstance('AWS named an Identity Center instance without its ARN or Identity Store')
  }
  return {
    instanceArn: InstanceArn,
    identityStoreId: IdentityStoreId,
    primaryRegion: PrimaryRegion ?? null,
    region: PrimaryRegion ?? configuredRegion,
    ownerAccountId: OwnerAccountId ?? null,
    // An account id of AWS's own answer.
    managementAccountId: managementAccountId as AccountId,
  }
}

/**
 * Any account may ask. Where it may not after all, the owner of the instance tells: an organisation's
 * instance lives in the management account (Identity Center user guide, "Delegated administration").
 */
async function findManagementAccount(
  clients: AwsClients,
  instances: readonly InstanceMetadata[],
): Promise<string> {
  try {
    const { Organization } = await reading('DescribeOrganization', () =>
      clients.organizations().send(new DescribeOrganizationCommand({})),
    )
    if (Organization?.MasterAccountId !== undefined) return Organization.MasterAccountId
  } catch (error) {
    if (!isReadError(error, 'unsupported') && !isReadError(error, 'denied')) throw error
  }
  const owner = instances.length === 1 ? instances[0]?.OwnerAccountId : undefined
  if (owner !== undefined) return owner
  throw noInstance('the management account could not be found out: allow DescribeOrganization')
}

/** An absent `Status` is active. Instances of single accounts have another owner. */
export function chooseInstance(
  instances: readonly InstanceMetadata[],
  { managementAccountId, region }: { managementAccountId: string; region: string },
): InstanceMetadata {
  const ofOrganisation = instances.filter(
    ({ Status, OwnerAccountId }) =>
      (Status ?? 'ACTIVE') === 'ACTIVE' &&
      (OwnerAccountId ?? managementAccountId) === managementAccountId,
  )
  const [first] = ofOrganisation
  if (first && ofOrganisation.length === 1) return first
  const seen = `${ofOrganisation.length} of ${instances.length} that AWS names there`
  throw noInstance(
    `exactly one active Identity Center instance of the organisation is needed in ${region}, ` +
      `and there are ${seen}: set AWS_REGION to the Region of Identity Center, and run TEAM in ` +
      'its delegated administrator account',
  )
}

async function findCaller(clients: AwsClients): Promise<Caller> {
  const answer = await reading('GetCallerIdentity', () =>
    clients.sts().send(new GetCallerIdentityCommand({})),
  )
  return { accountId: answer.Account ?? '', arn: answer.Arn ?? '' }
}

/** Never `not_found`: that no instance is seen from here does not end what is in it. */
function noInstance(message: string): AwsReadError {
  return new AwsReadError(
    'ListInstances',
    { kind: 'unavailable', code: 'NoInstance', message },
    undefined,
  )
}
