import * as z from 'zod'
import { targetOf } from '../model/keys.ts'
import { Refusal } from '../model/refusal.ts'
import { SortedTable } from '../model/sorted-table.ts'
import type { PermissionSet } from '../model/types.ts'
import {
  type Context,
  oneOf,
  operation,
  page,
  type Service,
  seconds,
  text,
  unlessMinimal,
  validationException,
} from './service.ts'
import { assignmentOperations } from './sso-admin-assignments.ts'
import {
  accountId,
  badToken,
  inPrimaryRegion,
  instanceArn,
  knownPermissionSet,
  paging,
  permissionSetArn,
  refuseInstance,
} from './sso-admin-shapes.ts'
import { onlyAdministrators } from './sso-administrators.ts'

const permissionSetInput = z.object({
  InstanceArn: instanceArn,
  PermissionSetArn: permissionSetArn,
})
const permissionSetList = permissionSetInput.extend(paging)

function instanceMembers(context: Context) {
  const { organisation } = context.world.state
  const { managementAccountId, identityStoreId, primaryRegion, createdAt } = organisation
  return {
    InstanceArn: organisation.instanceArn,
    IdentityStoreId: identityStoreId,
    OwnerAccountId: managementAccountId,
    Name: 'sandbox',
    CreatedDate: seconds(createdAt),
    Status: 'ACTIVE',
    ...unlessMinimal(context, {
      IdentityStoreArn: `arn:aws:identitystore::${managementAccountId}:identitystore/${identityStoreId}`,
      PrimaryRegion: primaryRegion,
      Regions: [{ RegionName: primaryRegion, Status: 'ACTIVE', IsPrimaryRegion: true }],
    }),
  }
}

const instanceOperations = {
  ListInstances: operation(z.object(paging), (context) => ({
    Instances: [instanceMembers(context)],
  })),

  DescribeInstance: operation(z.object({ InstanceArn: instanceArn }), (context, input) => {
    refuseInstance(context, input.InstanceArn)
    return { ...instanceMembers(context), PermissionSetsEnabled: true }
  }),

  ListApplications: operation(
    z.object({
      InstanceArn: instanceArn,
      NextToken: paging.NextToken,
      MaxResults: paging.MaxResults,
      Filter: z
        .object({
          ApplicationAccount: accountId.optional(),
          ApplicationProvider: text({ min: 10, max: 1224 }).optional(),
        })
        .optional(),
    }),
    (context, input) => {
      refuseInstance(context, input.InstanceArn)
      const { state } = context.world
      const owner = state.organisation.managementAccountId
      const instanceId = input.InstanceArn.slice(input.InstanceArn.lastIndexOf('/') + 1)
      const { rows, next } = page(
        {
          table: state.applications,
          list: 'ListApplications',
          token: input.NextToken,
          size: Math.min(input.MaxResults ?? 50, 50),
          keep: () => (input.Filter?.ApplicationAccount ?? owner) === owner,
        },
        badToken,
      )
      const Applications = rows.map((application) => ({
        ApplicationArn: `arn:aws:sso::${owner}:application/${instanceId}/${application.applicationId}`,
        ApplicationProviderArn: 'arn:aws:sso::aws:applicationProvider/custom-saml',
        ApplicationAccount: owner,
        InstanceArn: input.InstanceArn,
        Name: application.name,
        Status: 'ENABLED',
        PortalOptions: { Visibility: 'ENABLED', SignInOptions: signInOf(application.startUrl) },
        CreatedDate: seconds(application.createdAt),
      }))
      return { Applications, NextToken: next }
    },
  ),
}

const signInOf = (startUrl: string) =>
  startUrl === ''
    ? { Origin: 'IDENTITY_CENTER' }
    : { Origin: 'APPLICATION', ApplicationUrl: startUrl }

const permissionSetOperations = {
  ListPermissionSets: operation(
    z.object({ InstanceArn: instanceArn, ...paging }),
    inPrimaryRegion((context, input) => {
      const { rows, next } = page(
        {
          table: context.world.state.permissionSets,
          list: 'ListPermissionSets',
          token: input.NextToken,
          size: input.MaxResults ?? 100,
        },
        badToken,
      )
      return { PermissionSets: rows.map((row) => row.permissionSetArn), NextToken: next }
    }),
  ),

  DescribePermissionSet: operation(
    permissionSetInput,
    inPrimaryRegion((context, input) => {
      const permissionSet = knownPermissionSet(context, input.PermissionSetArn)
      return {
        PermissionSet: {
          Name: permissionSet.name,
          PermissionSetArn: permissionSet.permissionSetArn,
          Description: permissionSet.description,
          CreatedDate: seconds(permissionSet.createdAt),
          SessionDuration: permissionSet.sessionDuration,
        },
      }
    }),
  ),

  ListManagedPoliciesInPermissionSet: operation(
    permissionSetList,
    inPrimaryRegion((context, input) => {
      const permissionSet = knownPermissionSet(context, input.PermissionSetArn)
      const { rows, next } = page(
        {
          table: managedPoliciesOf(permissionSet),
          list: `ListManagedPoliciesInPermissionSet ${permissionSet.permissionSetArn}`,
          token: input.NextToken,
          size: input.MaxResults ?? 100,
        },
        badToken,
      )
      return { AttachedManagedPolicies: rows, NextToken: next }
    }),
  ),

  ListCustomerManagedPolicyReferencesInPermissionSet: operation(
    permissionSetList,
    inPrimaryRegion((context, input) => {
      knownPermissionSet(context, input.PermissionSetArn)
      return { CustomerManagedPolicyReferences: [] }
    }),
  ),

  GetInlinePolicyForPermissionSet: operation(
    permissionSetInput,
    inPrimaryRegion((context, input) => ({
      InlinePolicy: knownPermissionSet(context, input.PermissionSetArn).inlinePolicy,
    })),
  ),

  ListPermissionSetsProvisionedToAccount: operation(
    z.object({
      InstanceArn: instanceArn,
      AccountId: accountId,
      ProvisioningStatus: oneOf([
        'LATEST_PERMISSION_SET_PROVISIONED',
        'LATEST_PERMISSION_SET_NOT_PROVISIONED',
      ]).optional(),
      ...paging,
    }),
    inPrimaryRegion((context, input) => {
      const { state } = context.world
      refuseAccount(context, input.AccountId)
      const table = new SortedTable<string>()
      const roles = state.rolesOfAccount.at(input.AccountId)
      for (const [arn] of roles.after('', Number.MAX_SAFE_INTEGER)) table.set(arn, arn)
      const outdated = input.ProvisioningStatus === 'LATEST_PERMISSION_SET_NOT_PROVISIONED'
      const { rows, next } = page(
        {
          table,
          list: `ListPermissionSetsProvisionedToAccount ${input.AccountId} ${outdated}`,
          token: input.NextToken,
          size: input.MaxResults ?? 100,
          keep: () => !outdated,
        },
        badToken,
      )
      return { PermissionSets: rows, NextToken: next }
    }),
  ),

  ListAccountsForProvisionedPermissionSet: operation(
    permissionSetList.extend({
      ProvisioningStatus: oneOf([
        'LATEST_PERMISSION_SET_PROVISIONED',
        'LATEST_PERMISSION_SET_NOT_PROVISIONED',
      ]).optional(),
    }),
    inPrimaryRegion((context, input) => {
      const permissionSet = knownPermissionSet(context, input.PermissionSetArn)
      const table = new SortedTable<string>()
      const roles = context.world.state.rolesOfPermissionSet.at(permissionSet.permissionSetArn)
      for (const [id] of roles.after('', Number.MAX_SAFE_INTEGER)) table.set(id, id)
      const outdated = input.ProvisioningStatus === 'LATEST_PERMISSION_SET_NOT_PROVISIONED'
      const { rows, next } = page(
        {
          table,
          list: `ListAccountsForProvisionedPermissionSet ${permissionSet.permissionSetArn} ${outdated}`,
          token: input.NextToken,
          size: input.MaxResults ?? 100,
          keep: () => !outdated,
        },
        badToken,
      )
      return { AccountIds: rows, NextToken: next }
    }),
  ),

  ListAccountAssignments: operation(
    permissionSetList.extend({ AccountId: accountId }),
    inPrimaryRegion((context, input) => {
      knownPermissionSet(context, input.PermissionSetArn)
      refuseAccount(context, input.AccountId)
      const { state } = context.world
      const wanted = { accountId: input.AccountId, permissionSetArn: input.PermissionSetArn }
      const target = targetOf(wanted)
      const { rows, next } = page(
        {
          table: state.assignmentsRead(wanted, context.world.now()),
          list: `ListAccountAssignments ${target}`,
          token: input.NextToken,
          size: input.MaxResults ?? 100,
        },
        badToken,
      )
      const AccountAssignments = rows.map((row) => ({
        AccountId: row.accountId,
        PermissionSetArn: row.permissionSetArn,
        PrincipalType: row.principalType,
        PrincipalId: row.principalId,
      }))
      return { AccountAssignments, NextToken: next }
    }),
  ),
}

const managedPoliciesOf = (permissionSet: PermissionSet) => {
  const table = new SortedTable<{ Name: string; Arn: string }>()
  for (const { name, arn } of permissionSet.managedPolicies)
    table.set(arn, { Name: name, Arn: arn })
  return table
}

function refuseAccount(context: Context, id: string): void {
  if (context.world.state.accounts.has(id)) return
  throw new Refusal('ResourceNotFoundException', `Account with id ${id} does not exist.`)
}

/** "IAM Identity Center quotas": one throttle of 20 a second for the APIs of IAM Identity Center. */
function throttle({ world }: Context): void {
  const { callsPerSecond: perSecond, otherCallersPerSecond: othersPerSecond } = world.settings
  const rate = { perSecond, capacity: perSecond, othersPerSecond }
  if (world.bucket('sso-admin').take(world.now(), rate)) return
  throw new Refusal('ThrottlingException', 'Rate exceeded')
}

export const ssoAdmin: Service = {
  name: 'sso-admin',
  scope: 'sso',
  operations: { ...instanceOperations, ...permissionSetOperations, ...assignmentOperations },
  optional: [
    'DescribeInstance',
    'ListApplications',
    'ListAccountAssignmentsForPrincipal',
    'ListAccountAssignmentCreationStatus',
    'ListAccountAssignmentDeletionStatus',
  ],
  malformed: validationException,
  authorise: onlyAdministrators,
  throttle,
}
