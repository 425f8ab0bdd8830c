/** Creating, changing and deleting policies, of either kind (the domain's "People and roles"). */
import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { PolicyId } from '#core/ids.ts'
import { policyDifference } from '#core/policy-difference.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { insertPolicyVersion } from '#server/store/policy-history.ts'
import type { ProposedChange } from '#server/store/proposals.ts'
import { lockRules, type Rules, type RulesStore, raiseRulesVersion } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Actor } from './actor.ts'
import {
  type Authority,
  acceptanceInEvent,
  byOneself,
  type Changed,
  mustBeProposed,
} from './authority.ts'
import { grantsEndedBy, refuseUnlessConfirmed } from './ending-grants.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import type { KindOfPolicy, NamedId } from './policy-kinds.ts'
import { proposeChange, voidStale } from './propose-change.ts'
import { idsByKind, noSuchPolicy } from './read-policies.ts'
import { tellOfChange } from './tell-of-change.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface SavePolicyPorts extends ChangePorts {
  readonly rules: RulesStore
  readonly tellOverseers: TellOverseers
}

type AnyPolicy = { id: PolicyId; version: number }
export type PolicyChanged = Changed<{ readonly id: PolicyId }>

/** One change of one policy; a deletion has no body. */
export interface PolicyEdit<Body> {
  readonly authority: Authority
  readonly verb: ProposedChange['verb']
  readonly id: PolicyId
  /** The version that its author has read; 0 of one that is to be made. */
  readonly version: number
  readonly body: Body | null
  /** How many live grants may end by it. */
  readonly confirmEnding: number | null
}

export function createPolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { actor, body }: { actor: Actor; body: Body },
): Promise<PolicyChanged> {
  const id = randomUUID() as PolicyId
  const whole = { verb: 'create', id, version: 0, body, confirmEnding: null } as const
  const edit = { ...whole, authority: byOneself(actor) }
  return makeChange(ports, (c) => editPolicy(ports, c, kind, edit))
}

export interface PolicyVersionNamed {
  readonly actor: Actor
  readonly id: string
  /** The version that the one who changes it has read. */
  readonly version: number
  readonly confirmEnding?: number | null | undefined
}

export function updatePolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { body, ...named }: PolicyVersionNamed & { body: Body },
): Promise<PolicyChanged> {
  const edit = { ...editOf(named), verb: 'update', body } as const
  return makeChange(ports, (c) => editPolicy(ports, c, kind, edit))
}

export function deletePolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  named: PolicyVersionNamed,
): Promise<PolicyChanged> {
  const edit = { ...editOf(named), verb: 'delete', body: null } as const
  return makeChange(ports, (c) => editPolicy(ports, c, kind, edit))
}

function editOf({ actor, id, version, confirmEnding }: PolicyVersionNamed) {
  // An address may name anything; what is no policy's id is found nowhere.
  const named = { id: id as PolicyId, version, confirmEnding: confirmEnding ?? null }
  return { authority: byOneself(actor), ...named }
}

/** Judged and written, or kept as a proposal: the one way in which a policy changes. */
export async function editPolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  edit: PolicyEdit<Body>,
): Promise<PolicyChanged> {
  const { authority, verb, id, version, body, confirmEnding } = edit
  await lockRules(c.tx)
  const rules = await ports.rules.load(c.tx)
  const before = verb === 'create' ? null : await presentPolicy(c, kind, { id, version })
  const draft = body === null ? null : await validDraft(c.tx, { kind, body, before, rules })
  const after = draft && kind.policyOf(draft, { id, version: version + 1 })
  const changed = policyDifference(before && comparable(before), after && comparable(after))
  if (changed.length === 0) return { kind: 'saved', id }
  const ending = await grantsEndedBy(c.tx, rules, kind.grants(before, after))
  await refuseUnlessConfirmed(c, ending, confirmEnding)
  const widens = kind.widening(before, after)
  const saved: Saved<Policy> = { id, before, after, version: version + 1, widens }
  if (mustBeProposed(authority, { widens, secondAdmin: rules.settings.secondAdmin })) {
    const proposed = { ...saved, body, confirmEnding, changed: changed.map(({ field }) => field) }
    return { kind: 'proposed', proposalId: await propose(ports, c, kind, authority, proposed) }
  }
  await write(c, kind, authority, saved)
  await record(ports, c, kind, authority, saved)
  return { kind: 'saved', id }
}

interface Saved<Policy> {
  readonly id: PolicyId
  readonly before: Policy | null
  readonly after: Policy | null
  readonly version: number
  readonly widens: readonly string[]
}

async function write<Policy extends AnyPolicy, Body, Shown>(
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { author }: Authority,
  { id, before, after, version }: Saved<Policy>,
): Promise<void> {
  const by = author.person.userId
  if (before === null) {
    if (after !== null) await kind.store.insert(c, { policy: after, by })
    return
  }
  const written = after
    ? await kind.store.update(c, { policy: after, by })
    : await kind.store.remove(c, { id, version, by })
  if (!written) throw refusedWith(refusal('version_conflict'))
}

async function propose<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  authority: Authority,
  proposed: Saved<Policy> & {
    readonly body: Body | null
    readonly confirmEnding: number | null
    readonly changed: readonly string[]
  },
): Promise<string> {
  const { id, before, after, body, confirmEnding, changed, widens } = proposed
  return proposeChange(ports, c, authority, {
    object: { type: kind.objectType, id },
    verb: verbOf(proposed),
    baseVersion: before?.version ?? 0,
    // The contract's schema has parsed it, into an object.
    body: body as object | null,
    confirmEnding,
    before: before && kind.show(before, () => null),
    after: after && kind.show(after, () => null),
    changed,
    widens,
  })
}

/** The difference is computed over what is there, whatever kind of policy it is. */
function comparable(policy: object) {
  return policy as Parameters<typeof policyDifference>[0]
}

async function presentPolicy<Policy extends AnyPolicy, Body, Shown>(
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  named: { id: string; version: number },
): Promise<Policy> {
  const stored = await kind.store.get(c.tx, named.id)
  if (stored === null) throw noSuchPolicy()
  const { version } = stored.policy
  if (version !== named.version) throw refusedWith(refusal('version_conflict', { version }))
  return stored.policy
}

export async function validDraft<Policy extends AnyPolicy, Body, Shown>(
  db: Kysely<Schema>,
  drafted: {
    kind: KindOfPolicy<Policy, Body, Shown>
    body: Body
    before: Policy | null
    rules: Rules
  },
): Promise<Omit<Policy, 'id' | 'version'>> {
  const { kind, body, before, rules } = drafted
  const verdict = kind.validate(kind.draftOf(body), rules.settings)
  if (!verdict.ok) throw refusedForAll(verdict.refusals)
  const known = new Set(before ? kind.namedIds(before).map(({ id }) => id) : [])
  const added = kind.namedIds(verdict.policy).filter(({ id }) => !known.has(id))
  const unknown = await refuseUnknown(db, rules, added)
  if (unknown.length > 0) throw refusedForAll(unknown)
  return verdict.policy
}

/**
 * An id that is new in a policy must exist: else it is a slip of the pen. One that was there before
 * may have been deleted since, and is only warned of, so that the policy can still be changed.
 */
async function refuseUnknown(
  db: Kysely<Schema>,
  { directory }: Rules,
  named: readonly NamedId[],
): Promise<Refusal[]> {
  const excerpt = await loadExcerpt(db, idsByKind(named))
  const known: Record<NamedId['kind'], ReadonlySet<string>> = {
    user: new Set(excerpt.users.keys()),
    group: excerpt.groupIds,
    organizationalUnit: excerpt.ouIds,
    account: new Set(directory.accounts.keys()),
    permissionSet: new Set(directory.permissionSets.keys()),
  }
  return named
    .filter(({ kind, id }) => !known[kind].has(id))
    .map(({ kind, id, field }) => refusal('unknown_id', { kind, id }, field))
}

async function record<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  authority: Authority,
  saved: Saved<Policy>,
): Promise<void> {
  const { before, after, id, version, widens } = saved
  const by = authority.author.person.userId
  const acceptedBy = authority.accepted?.accepter.userId ?? null
  const { byServiceToken } = authority
  const body = after && kind.show(after, () => null)
  const word = { by, acceptedBy, byServiceToken }
  await insertPolicyVersion(c, { kind: kind.kind, id, version, body, ...word })
  const object = { type: kind.objectType, id }
  c.event({
    actor: authority.authorActor,
    action: `${kind.objectType}.${verbOf(saved)}`,
    object: { ...object, version },
    payload: {
      before,
      after,
      changed: policyDifference(before && comparable(before), after && comparable(after)).map(
        ({ field }) => field,
      ),
      widens,
      ...acceptanceInEvent(authority),
    },
  })
  await voidStale(c, object)
  await tellOfChange(ports, c, authority, { object, version, verb: verbOf(saved), widens })
  // What people may ask for, and who approves, may be another now; they may not see the policy.
  c.changed('setting', 'rules')
  await raiseRulesVersion(c.tx)
}

function verbOf({ before, after }: { before: unknown; after: unknown }) {
  if (before === null) return 'create'
  return after === null ? 'delete' : 'update'
}
