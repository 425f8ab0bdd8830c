/**
 * Who may do what: one table, the only place that knows (decision "authorisation in one place").
 * Every route and every operation names one of these actions. What the table does not name is
 * refused. The printed matrix is a committed snapshot, so that a change of rights is seen.
 */

import type { Approvers } from './approvers.ts'
import type { EnabledMembers, Person } from './facts.ts'
import type { GroupId, UserId } from './ids.ts'
import type { Settings } from './settings.ts'
import { isScopeOf, scopesFor, type TokenRights, tokenCovers, tokenKinds } from './token.ts'

export const roles = ['requester', 'approver', 'auditor', 'admin'] as const
export type Role = (typeof roles)[number]

/** How a person stands to the thing they act on; several may hold at once. */
export const relations = ['own', 'approver-of-it', 'past-decider'] as const
export type Relation = (typeof relations)[number]

interface ActionRule {
  /** A write is refused while AWS could not confirm the actor; a read is not. */
  readonly kind: 'read' | 'write'
  /** Any one of these suffices. */
  readonly who: readonly (Role | Relation)[]
  /** Refused under this relation whatever else holds. */
  readonly never?: Relation
  /** Takes access away, so it may be done even while AWS can't confirm the actor. */
  readonly unconfirmed?: true
}

const all: readonly Role[] = ['requester']
const adminAndAuditor: readonly Role[] = ['admin', 'auditor']
const concerned = ['own', 'approver-of-it', 'past-decider', 'auditor', 'admin'] as const
const read = (who: ActionRule['who']): ActionRule => ({ kind: 'read', who })
const write = (who: ActionRule['who']): ActionRule => ({ kind: 'write', who })
const decide: ActionRule = { kind: 'write', who: ['approver-of-it'], never: 'own' }

const rules = {
  'me.read': read(all),
  'me.write': write(all),
  'me.refresh': read(all),
  'eligible-account.read': read(all),
  'stream.read': read(all),

  'request.preview': read(all),
  'request.submit': write(all),
  'request.list': read(all),
  'request.list-all': read(adminAndAuditor),
  'request.read': read(concerned),
  'request.approve': decide,
  'request.reject': decide,
  'request.cancel': { kind: 'write', who: ['own'], unconfirmed: true },
  'request.return': { kind: 'write', who: ['own'], unconfirmed: true },
  'request.revoke': { kind: 'write', who: ['approver-of-it', 'admin'], unconfirmed: true },
  'request.extend': write(['own']),
  'request.review': decide,
  'request.read-session-log': read(concerned),
  'submission.read': read(concerned),
  'submission.approve': decide,
  'submission.reject': decide,

  'eligibility-policy.read': read(adminAndAuditor),
  'eligibility-policy.preview': read(adminAndAuditor),
  'eligibility-policy.write': write(['admin']),
  'approver-policy.read': read(adminAndAuditor),
  'approver-policy.preview': read(adminAndAuditor),
  'approver-policy.write': write(['admin']),
  'proposal.read': read(adminAndAuditor),
  'proposal.decide': write(['admin']),
  'settings.read': read(adminAndAuditor),
  'settings.write': write(['admin']),
  'settings.test': write(['admin']),

  'directory.read': read(adminAndAuditor),
  'directory.read-status': read(adminAndAuditor),
  'directory.refresh': write(['admin']),
  'directory.decide-held': write(['admin']),
  'access.read': read(adminAndAuditor),
  // It reads AWS and changes nothing there, so who reads everything may ask for it too.
  'access.look': read(adminAndAuditor),
  'audit.read': read(adminAndAuditor),
  'audit.export': read(adminAndAuditor),
  'audit.verify': read(adminAndAuditor),
  'audit.erase': write(['admin']),
  'legal-hold.read': read(adminAndAuditor),
  'legal-hold.write': write(['admin']),
  'reconciler.read': read(adminAndAuditor),
  'reconciler.act': write(['admin']),
  'notice.list': read(adminAndAuditor),
  'notice.resend': write(['admin']),
  'metrics.read': read(adminAndAuditor),

  'token.list': read(all),
  'token.create': write(all),
  'token.list-all': read(adminAndAuditor),
  'token.delete': { kind: 'write', who: ['own', 'admin'], unconfirmed: true },
  'token.manage-service': write(['admin']),
  'saved-request.list': read(all),
  'saved-request.create': write(all),
  'saved-request.delete': write(['own']),
  'saved-request.manage-templates': write(['admin']),
} as const satisfies Record<string, ActionRule>

export type Action = keyof typeof rules

export const actions = Object.keys(rules) as readonly Action[]

/** The actions whose object decides who may: there a relation is asked for. */
export const actionsOnAnObject: readonly Action[] = actions.filter((action) => {
  const { who } = ruleOf(action)
  return relations.some((relation) => who.includes(relation))
})

function ruleOf(action: Action): ActionRule {
  return rules[action]
}

export function isAction(name: string): name is Action {
  return Object.hasOwn(rules, name)
}

export interface Actor {
  /** False: disabled, or unknown to AWS; may do nothing at all. */
  readonly enabled: boolean
  readonly roles: ReadonlySet<Role>
  /** To the thing acted on; empty where there is none. */
  readonly relations: ReadonlySet<Relation>
  /** Absent or null: at a browser. Else the rights are cut by what the token may. */
  readonly token?: TokenRights | null
}

/** For telling people; what decides is `mayPerform`. */
export function whoMay(action: Action): readonly (Role | Relation)[] {
  return ruleOf(action).who
}

/** Takes any text, because an action that nobody knows must be a no and not a mistake. */
export function mayPerform(action: string, actor: Actor): boolean {
  if (!actor.enabled || !isAction(action)) return false
  const { token } = actor
  if (token && !tokenCovers(token, action)) return false
  const rule = ruleOf(action)
  if (rule.never && actor.relations.has(rule.never)) return false
  // A program stands in no relation to anything: whatever its maker asked for is not its own.
  const isProgram = token?.kind === 'service'
  return rule.who.some((one) =>
    isRole(one) ? actor.roles.has(one) : !isProgram && actor.relations.has(one),
  )
}

function isRole(name: Role | Relation): name is Role {
  return roles.some((role) => role === name)
}

/** Whether the actor must have been confirmed by AWS a moment ago (the domain's "Freshness"). */
export function needsConfirmation(action: Action): boolean {
  const rule = ruleOf(action)
  return rule.kind === 'write' && !rule.unconfirmed
}

export function isWrite(action: Action): boolean {
  return ruleOf(action).kind === 'write'
}

export interface RoleFacts {
  readonly settings: Pick<Settings, 'adminGroupId' | 'auditorGroupId'>
  /** Groups that an enabled approver policy names. */
  readonly approverGroupIds: ReadonlySet<GroupId>
}

export function rolesOf(
  person: Pick<Person, 'enabled' | 'groupIds'>,
  { settings, approverGroupIds }: RoleFacts,
): ReadonlySet<Role> {
  const held = new Set<Role>()
  if (!person.enabled) return held
  held.add('requester')
  if ([...person.groupIds].some((groupId) => approverGroupIds.has(groupId))) held.add('approver')
  if (isIn(person, settings.auditorGroupId)) held.add('auditor')
  if (isIn(person, settings.adminGroupId)) held.add('admin')
  return held
}

function isIn(person: Pick<Person, 'groupIds'>, groupId: GroupId | null): boolean {
  return groupId !== null && person.groupIds.has(groupId)
}

/** Enabled people who hold the role of administrator or auditor; for notices and for lockout. */
export function membersOfRole(
  role: 'admin' | 'auditor',
  settings: RoleFacts['settings'],
  enabledMembers: EnabledMembers,
): ReadonlySet<UserId> {
  const groupId = role === 'admin' ? settings.adminGroupId : settings.auditorGroupId
  return (groupId !== null && enabledMembers.get(groupId)) || new Set()
}

export interface RelationFacts {
  readonly requesterId: UserId
  /** By today's policies, less the requester. */
  readonly approvers: Approvers
  /** Everybody who ever voted on it. */
  readonly deciderIds: ReadonlySet<UserId>
}

export function relationsTo(facts: RelationFacts, userId: UserId): ReadonlySet<Relation> {
  const held = new Set<Relation>()
  if (facts.requesterId === userId) held.add('own')
  else if (facts.approvers.has(userId)) held.add('approver-of-it')
  if (facts.deciderIds.has(userId)) held.add('past-decider')
  return held
}

/** The whole matrix as text, every role under every relation. */
export function printMatrix(): string {
  const objectActions = new Set(actionsOnAnObject)
  const plain = actions.filter((action) => !objectActions.has(action))
  return [
    'Who may do what. Written from core/access.ts; a disabled person may do nothing.',
    'Everybody who can sign in is a requester; a person with several roles may what any of them may.',
    '"unconfirmed" marks writes that are done even while AWS cannot confirm who acts.',
    '',
    "Actions on nobody's object",
    '',
    ...printRows(plain, [new Set()]),
    '',
    'Actions on one object (a request, a token, a saved request), by the relation to it:',
    'own, approver of it, past decider, other',
    '',
    ...printRows(actionsOnAnObject, [...relations.map((one) => new Set([one])), new Set()]),
    '',
    'Tokens: the scopes that cover an action, beside the rights above; p: of a person, s: of a service.',
    'A service token stands in no relation to anything. What has no scope no token may.',
    '',
    ...actions.map(printScopes),
    '',
  ].join('\n')
}

function printScopes(action: Action): string {
  const width = Math.max(...actions.map((one) => one.length)) + 2
  const covering = scopesFor(action).map((scope) => {
    const kinds = tokenKinds.filter((kind) => isScopeOf(kind, scope)).map((kind) => kind[0])
    return `${scope} (${kinds.join(', ')})`
  })
  return `${action.padEnd(width)}${covering.join(', ') || '-'}`
}

function printRows(names: readonly Action[], columns: readonly ReadonlySet<Relation>[]): string[] {
  const width = Math.max(...actions.map((action) => action.length)) + 2
  const cellWidth = Math.max(11, columns.length * 3 + 2)
  const head = ''.padEnd(width) + roles.map((role) => role.padEnd(cellWidth)).join('')
  const legend = ''.padEnd(width) + roles.map(() => columnNames(columns).padEnd(cellWidth)).join('')
  const rows = names.map((action) => {
    const cells = roles.map((role) => cell(action, role, columns).padEnd(cellWidth)).join('')
    const { kind, unconfirmed } = ruleOf(action)
    return action.padEnd(width) + cells + (unconfirmed ? `${kind}, unconfirmed` : kind)
  })
  return [head, ...(columns.length > 1 ? [legend] : []), ...rows].map((line) => line.trimEnd())
}

function columnNames(columns: readonly ReadonlySet<Relation>[]): string {
  const short: Record<Relation, string> = {
    own: 'ow',
    'approver-of-it': 'ap',
    'past-decider': 'pd',
  }
  return columns.map((column) => [...column].map((one) => short[one])[0] ?? 'ot').join(' ')
}

function cell(action: Action, role: Role, columns: readonly ReadonlySet<Relation>[]): string {
  const held = new Set<Role>(['requester', role])
  return columns
    .map((one) => mayPerform(action, { enabled: true, roles: held, relations: one }))
    .map((may) => (may ? '✔ ' : '✘ '))
    .join(' ')
}
