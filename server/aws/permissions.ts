/**
 * Every call that TEAM makes of AWS, what it is allowed by, and why it is made. The task's role and
 * docs/operate/permissions.md are made from this table; a test holds it to the commands that the
 * files of this folder send, in both directions.
 *
 * Resources as the Service Authorization Reference has them: an action without resource types can
 * only be allowed on `*`.
 */
import type { CountedCall } from './clients.ts'

/** What a permission is given on. */
export type On =
  /** The action has no resource types. */
  | 'anything'
  /** The instance, its permission sets, and accounts: AWS asks for each that the call names. */
  | 'identity center'
  | 'identity store'
  /** Read only; the organisation's ids change with every move of an account. */
  | 'organisation'
  | 'sender'
  | 'topics'
  | 'trail log group'
  | 'trail data store'

export interface Permission {
  readonly service: CountedCall['service']
  readonly operation: string
  /** Null: AWS answers whoever has credentials. */
  readonly action: string | null
  readonly on: On
  readonly why: Reason
}

const prefixes: Readonly<Record<CountedCall['service'], string>> = {
  'sso-admin': 'sso',
  identitystore: 'identitystore',
  organizations: 'organizations',
  sts: 'sts',
  ses: 'ses',
  sns: 'sns',
  logs: 'logs',
  cloudtrail: 'cloudtrail',
}

type Row = readonly [operation: string, on: On, why: string]

const rows = {
  'sso-admin': [
    ['CreateAccountAssignment', 'identity center', 'to begin a grant'],
    ['DeleteAccountAssignment', 'identity center', 'to end a grant, and what nobody should have'],
    ['ListAccountAssignments', 'identity center', 'to look who really holds a target'],
    [
      'ListAccountAssignmentCreationStatus',
      'identity center',
      'to follow all creations in flight by one list every 0.6 s',
    ],
    [
      'ListAccountAssignmentDeletionStatus',
      'identity center',
      'to follow all deletions in flight by one list every 0.6 s',
    ],
    ['DescribeAccountAssignmentCreationStatus', 'identity center', 'to learn how a creation ended'],
    ['DescribeAccountAssignmentDeletionStatus', 'identity center', 'to learn how a deletion ended'],
    ['ListInstances', 'anything', 'to find the instance and its primary Region'],
    ['ListPermissionSets', 'identity center', 'to read the directory'],
    [
      'DescribePermissionSet',
      'identity center',
      'for its name, description and session duration, and to see that it is gone',
    ],
    [
      'ListPermissionSetsProvisionedToAccount',
      'identity center',
      'to leave out what the management account uses, and to find drift',
    ],
    [
      'ListAccountsForProvisionedPermissionSet',
      'identity center',
      'to see whether a permission set is used in the management account',
    ],
    [
      'ListManagedPoliciesInPermissionSet',
      'identity center',
      'to show what a permission set allows, and how risky it is',
    ],
    [
      'ListCustomerManagedPolicyReferencesInPermissionSet',
      'identity center',
      'to show what a permission set allows',
    ],
    ['GetInlinePolicyForPermissionSet', 'identity center', 'to show what a permission set allows'],
  ],
  identitystore: [
    ['ListUsers', 'identity store', 'to read the directory, and to find a person by address'],
    ['ListGroups', 'identity store', 'to read the directory'],
    ['ListGroupMemberships', 'identity store', 'to read who is in the groups that policies name'],
    ['GetUserId', 'identity store', 'to find the person who signs in'],
    ['DescribeUser', 'identity store', 'to see, within a minute, that a person is still there'],
    ['DescribeGroup', 'identity store', 'to see that a group is really gone before it is believed'],
    [
      'ListGroupMembershipsForMember',
      'identity store',
      "to confirm a person's groups when they sign in and decide",
    ],
    ['IsMemberInGroups', 'identity store', 'to confirm that approvers still belong'],
  ],
  organizations: [
    [
      'DescribeOrganization',
      'organisation',
      'to know the management account, which is never offered',
    ],
    ['ListRoots', 'organisation', 'to read the tree of accounts'],
    ['ListOrganizationalUnitsForParent', 'organisation', 'to read the tree of accounts'],
    ['ListAccountsForParent', 'organisation', 'to read the tree of accounts'],
    [
      'ListParents',
      'organisation',
      'to see where an account is now, before a grant is made by its OU',
    ],
    ['DescribeAccount', 'organisation', 'to see that an account is there and active'],
  ],
  sts: [['GetCallerIdentity', 'anything', 'to say in the log and in `team doctor` who it is']],
  ses: [
    ['SendEmail', 'sender', 'to tell people by mail'],
    ['GetAccount', 'anything', "to warn when SES is in its sandbox or near the day's quota"],
  ],
  sns: [['Publish', 'topics', 'to tell by a topic, where one is set']],
  logs: [
    ['StartQuery', 'trail log group', 'to read what was done with an access'],
    ['GetQueryResults', 'anything', 'to read what was done with an access'],
    ['StopQuery', 'anything', 'to stop a query that nobody waits for any more'],
  ],
  cloudtrail: [
    ['StartQuery', 'trail data store', 'to read what was done with an access'],
    ['DescribeQuery', 'trail data store', 'to read what was done with an access'],
    ['GetQueryResults', 'trail data store', 'to read what was done with an access'],
    ['CancelQuery', 'trail data store', 'to stop a query that nobody waits for any more'],
  ],
} as const satisfies Readonly<Record<CountedCall['service'], readonly Row[]>>

/** Ends the sentence "TEAM calls it …"; the page in Japanese has words of its own for each. */
export type Reason = (typeof rows)[CountedCall['service']][number][2]

/** AWS answers it whatever the policies say (IAM User Guide, GetCallerIdentity). */
const needsNone = new Set(['GetCallerIdentity'])

export const permissions: readonly Permission[] = Object.entries(rows).flatMap(
  ([service, ofService]) => {
    // The keys of `rows` are the services, by its type.
    const known = service as CountedCall['service']
    return ofService.map(([operation, on, why]) => ({
      service: known,
      operation,
      action: needsNone.has(operation) ? null : `${prefixes[known]}:${operation}`,
      on,
      why,
    }))
  },
)
