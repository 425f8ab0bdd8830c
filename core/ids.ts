/**
 * Distinct types for ids that look alike. A value gets its type once, where it enters
 * (contract schemas, SQL rows, AWS answers); inside, the type is the proof.
 */
declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

/** Identity Store user id: a UUID, or ten hex digits, a dash and a UUID. Never a user name. */
export type UserId = Id<'UserId'>
/** Identity Store group id, shaped like a user id. */
export type GroupId = Id<'GroupId'>
/** Twelve digits. */
export type AccountId = Id<'AccountId'>
/** `ou-…`, or the root's `r-…`. */
export type OuId = Id<'OuId'>
/** `arn:aws:sso:::permissionSet/ssoins-…/ps-…` (any partition). */
export type PermissionSetArn = Id<'PermissionSetArn'>
export type RequestId = Id<'RequestId'>
export type SubmissionId = Id<'SubmissionId'>
export type GrantId = Id<'GrantId'>
export type PolicyId = Id<'PolicyId'>

/** One AWS account × one permission set. */
export interface Target {
  readonly accountId: AccountId
  readonly permissionSetArn: PermissionSetArn
}

/** One person × one target: what an assignment in Identity Center is about. */
export interface Key extends Target {
  readonly userId: UserId
}

/** Equal keys give equal texts; no id contains a space. */
export function keyText(key: Key): string {
  return `${key.userId} ${key.accountId} ${key.permissionSetArn}`
}
