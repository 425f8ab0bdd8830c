/**
 * What the rules are told about the world: rows of the directory replica and of the policy tables,
 * already parsed. The rules never fetch anything themselves.
 */
import type { AccountId, GroupId, OuId, PermissionSetArn, PolicyId, UserId } from './ids.ts'

export interface Person {
  readonly userId: UserId
  readonly userName: string
  readonly displayName: string
  readonly email: string | null
  /** False if AWS says `DISABLED`, or no longer knows the user. */
  readonly enabled: boolean
  readonly groupIds: ReadonlySet<GroupId>
}

export interface Account {
  readonly accountId: AccountId
  readonly name: string
  /** From the root to the account's direct parent, ids. */
  readonly ouPath: readonly OuId[]
  /** AWS Organizations `State` (`Status` where that is absent). Only `ACTIVE` is offered. */
  readonly state: string
  readonly isManagement: boolean
}

export interface PermissionSet {
  readonly permissionSetArn: PermissionSetArn
  readonly name: string
  readonly description: string
  readonly level: 'read' | 'write' | 'admin' | 'unknown'
  /** Session duration in minutes; null if it could not be read. */
  readonly sessionMinutes: number | null
  /** Provisioned in the management account: out of a delegated administrator's reach. */
  readonly inManagementAccount: boolean
}

export interface PolicyTargets {
  readonly accounts: readonly AccountId[]
  readonly organizationalUnits: readonly {
    readonly id: OuId
    readonly scope: 'children' | 'subtree'
  }[]
  readonly root: boolean
}

export interface EligibilityPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly subject:
    | { readonly type: 'user'; readonly id: UserId }
    | { readonly type: 'group'; readonly id: GroupId }
  readonly targets: PolicyTargets
  /** Permission set ARNs, or name patterns such as `Read*`. */
  readonly permissionSets: readonly string[]
  readonly maxDurationMinutes: number
  readonly approvalRequired: boolean
  readonly ticketRequired: boolean
  readonly justificationRequired: boolean
  readonly breakGlass: boolean
  readonly ticket: string | null
  readonly note: string
  readonly enabled: boolean
}

export interface ApproverPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly targets: PolicyTargets
  /** Null: every permission set. */
  readonly permissionSets: readonly string[] | null
  readonly approverGroups: readonly GroupId[]
  /** 1 to 5. */
  readonly approvalsRequired: number
  readonly exclusive: boolean
  readonly ticket: string | null
  readonly note: string
  readonly enabled: boolean
}

/** Each group's members who are enabled. A group that is not in it has none. */
export type EnabledMembers = ReadonlyMap<GroupId, ReadonlySet<UserId>>

/** The part of the directory replica that policies are held against. */
export interface Directory {
  readonly accounts: ReadonlyMap<AccountId, Account>
  readonly permissionSets: ReadonlyMap<PermissionSetArn, PermissionSet>
  readonly enabledMembers: EnabledMembers
}

/** The directory as far as warnings about policies need it. */
export interface WholeDirectory extends Directory {
  readonly users: ReadonlyMap<UserId, { readonly enabled: boolean }>
  readonly groupIds: ReadonlySet<GroupId>
  /** The root's id among them. */
  readonly ouIds: ReadonlySet<OuId>
}
