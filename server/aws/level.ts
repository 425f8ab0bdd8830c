/**
 * How far a permission set reaches, as one word for people who choose or approve it. It is a hint
 * and never part of a decision, and it errs upwards: a permissions boundary, conditions and denials
 * may make less of a set than its word says, never more.
 */
import type { PermissionSetLevel } from '#server/engine/directory-port.ts'

export interface Contents {
  /** Names of AWS's own policies, such as `ReadOnlyAccess`. */
  readonly managedPolicies: readonly string[]
  /** Policies that each account has for itself: nobody here can read them. */
  readonly customerManagedPolicies: number
  /** JSON, or empty. */
  readonly inlinePolicy: string
}

const adminPolicies = new Set([
  'AdministratorAccess',
  'IAMFullAccess',
  'AWSOrganizationsFullAccess',
  'AWSSSOMasterAccountAdministrator',
  'AWSSSODirectoryAdministrator',
])
const readPolicies = new Set(['ReadOnlyAccess', 'ViewOnlyAccess', 'SecurityAudit'])

export function levelOf(contents: Contents): PermissionSetLevel {
  const levels: PermissionSetLevel[] = contents.managedPolicies.map(levelOfManagedPolicy)
  if (contents.customerManagedPolicies > 0) levels.push('unknown')
  if (contents.inlinePolicy.trim() !== '') levels.push(levelOfInlinePolicy(contents.inlinePolicy))
  const highest = (['admin', 'unknown', 'write'] as const).find((level) => levels.includes(level))
  return highest ?? 'read'
}

function levelOfManagedPolicy(name: string): PermissionSetLevel {
  if (adminPolicies.has(name)) return 'admin'
  const reads = readPolicies.has(name) || /(ReadOnly|ReadOnlyAccess|Viewer)$/.test(name)
  return reads ? 'read' : 'write'
}

interface Statement {
  readonly Effect?: unknown
  readonly Action?: unknown
  readonly NotAction?: unknown
}

function levelOfInlinePolicy(text: string): PermissionSetLevel {
  let policy: unknown
  try {
    policy = JSON.parse(text)
  } catch {
    return 'unknown'
  }
  const levels = statementsOf(policy)
    .filter((statement) => statement.Effect !== 'Deny')
    .map(levelOfStatement)
  return (['admin', 'write'] as const).find((level) => levels.includes(level)) ?? 'read'
}

function statementsOf(policy: unknown): Statement[] {
  if (typeof policy !== 'object' || policy === null || !('Statement' in policy)) return []
  const { Statement: statements } = policy
  return (Array.isArray(statements) ? statements : [statements]).filter(
    (one): one is Statement => typeof one === 'object' && one !== null,
  )
}

function levelOfStatement({ Action, NotAction }: Statement): 'read' | 'write' | 'admin' {
  if (NotAction !== undefined) {
    return textsOf(NotAction).some((action) => action.toLowerCase() === 'iam:*') ? 'write' : 'admin'
  }
  const actions = textsOf(Action)
  if (actions.some(givesEverything)) return 'admin'
  return actions.every(onlyReads) ? 'read' : 'write'
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string')
}

function givesEverything(action: string): boolean {
  return /^(\*|\*:\*|iam:\*|organizations:\*|sso:\*|sso-directory:\*|identitystore:\*)$/i.test(
    action,
  )
}

/** Verbs of the service authorisation reference that only look; `Get*` reads, `*` or `G*` may not. */
function onlyReads(action: string): boolean {
  return /^[a-z0-9-]+:(get|list|describe|batchget|view|lookup|search|check|preview)/i.test(action)
}
