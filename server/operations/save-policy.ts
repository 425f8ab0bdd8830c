/** Creating, changing and deleting policies, of either kind (the domain's "People and roles"). */
import { randomUUID } from 'node:crypto'
import type { PolicyId } from '#core/ids.ts'
import { policyDifference } from '#core/policy-difference.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { Change } from '#server/store/change.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { insertPolicyVersion } from '#server/store/policy-history.ts'
import { type Rules, type RulesStore, raiseRulesVersion } from '#server/store/rules.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import type { KindOfPolicy, NamedId } from './policy-kinds.ts'
import { idsByKind, noSuchPolicy } from './read-policies.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface SavePolicyPorts extends ChangePorts {
  readonly rules: RulesStore
}

type AnyPolicy = { id: PolicyId; version: number }

export async function createPolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { actor, body }: { actor: Actor; body: Body },
): Promise<PolicyId> {
  const id = randomUUID() as PolicyId
  await makeChange(ports, async (c) => {
    const draft = await validDraft(ports, c, { kind, body, before: null })
    const policy = kind.policyOf(draft, { id, version: 1 })
    await kind.store.insert(c, { policy, by: actor.person.userId })
    await record(c, kind, { actor, before: null, after: policy, id, version: 1 })
  })
  return id
}

export interface PolicyVersionNamed {
  readonly actor: Actor
  readonly id: string
  /** The version that the one who changes it has read. */
  readonly version: number
}

export async function updatePolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { actor, id, version, body }: PolicyVersionNamed & { body: Body },
): Promise<void> {
  await makeChange(ports, async (c) => {
    const before = await presentPolicy(c, kind, { id, version })
    const draft = await validDraft(ports, c, { kind, body, before })
    if (policyDifference(comparable(before), comparable(draft)).length === 0) return
    const after = kind.policyOf(draft, { id: before.id, version: version + 1 })
    const written = await kind.store.update(c, { policy: after, by: actor.person.userId })
    if (!written) throw refusedWith(refusal('version_conflict'))
    await record(c, kind, { actor, before, after, id: before.id, version: version + 1 })
  })
}

export async function deletePolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  { actor, id, version }: PolicyVersionNamed,
): Promise<void> {
  await makeChange(ports, async (c) => {
    const before = await presentPolicy(c, kind, { id, version })
    const gone = { id, version: version + 1, by: actor.person.userId }
    if (!(await kind.store.remove(c, gone))) throw refusedWith(refusal('version_conflict'))
    await record(c, kind, { actor, before, after: null, id: before.id, version: version + 1 })
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

async function validDraft<Policy extends AnyPolicy, Body, Shown>(
  ports: SavePolicyPorts,
  c: Change,
  drafted: { kind: KindOfPolicy<Policy, Body, Shown>; body: Body; before: Policy | null },
): Promise<Omit<Policy, 'id' | 'version'>> {
  const { kind, body, before } = drafted
  const rules = await ports.rules.load(c.tx)
  const verdict = kind.validate(kind.draftOf(body), rules.settings)
  if (!verdict.ok) throw refusedForAll(verdict.refusals)
  const known = new Set(before ? kind.namedIds(before).map(({ id }) => id) : [])
  const added = kind.namedIds(verdict.policy).filter(({ id }) => !known.has(id))
  const unknown = await refuseUnknown(c, rules, added)
  if (unknown.length > 0) throw refusedForAll(unknown)
  return verdict.policy
}

/**
 * An id that is new in a policy must exist: else it is a slip of the pen. One that was there before
 * may have been deleted since, and is only warned of, so that the policy can still be changed.
 */
async function refuseUnknown(
  c: Change,
  { directory }: Rules,
  named: readonly NamedId[],
): Promise<Refusal[]> {
  const excerpt = await loadExcerpt(c.tx, idsByKind(named))
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
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  saved: {
    readonly actor: Actor
    readonly before: Policy | null
    readonly after: Policy | null
    readonly id: PolicyId
    readonly version: number
  },
): Promise<void> {
  const { actor, before, after, id, version } = saved
  const by = actor.person.userId
  const body = after && kind.show(after, () => null)
  await insertPolicyVersion(c, { kind: kind.kind, id, version, body, by })
  c.event({
    actor: eventActorOf(actor),
    action: `${kind.objectType}.${verbOf(saved)}`,
    object: { type: kind.objectType, id, version },
    payload: {
      before,
      after,
      changed: policyDifference(before && comparable(before), after && comparable(after)).map(
        ({ field }) => field,
      ),
      widens: kind.widening(before, after),
    },
  })
  // What people may ask for, and who approves, may be another now; they may not see the policy.
  c.changed('setting', 'rules')
  await raiseRulesVersion(c.tx)
}

function verbOf({ before, after }: { before: unknown; after: unknown }): string {
  if (before === null) return 'create'
  return after === null ? 'delete' : 'update'
}
