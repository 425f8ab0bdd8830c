/**
 * A small organisation for tests of operations and of HTTP: PostgreSQL and the stores are real,
 * time is driven, and AWS is what `aws` says. Nothing of a story is in it: a test makes its own
 * policies and requests. Who is who is in organisation.ts.
 */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { ApproverPolicy, EligibilityPolicy } from '#core/facts.ts'
import type { GroupId, PolicyId, RequestId, Target, UserId } from '#core/ids.ts'
import { defaultSettings, type Settings } from '#core/settings.ts'
import type { Submission } from '#core/submission.ts'
import type { Holders } from '#server/engine/assignments-port.ts'
import { type Actor, createLoadActor } from '#server/operations/actor.ts'
import { createApprovableTargets } from '#server/operations/approvable-targets.ts'
import type { ConfirmPeople } from '#server/operations/confirming.ts'
import { createExpireDue } from '#server/operations/expire-requests.ts'
import { createLooks } from '#server/operations/look-at-target.ts'
import { submitRequest } from '#server/operations/submit-request.ts'
import type { Bulletin } from '#server/store/announce-port.ts'
import { change } from '#server/store/change.ts'
import { approverPolicies, eligibilityPolicies } from '#server/store/policies.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import { createRulesStore, raiseRulesVersion } from '#server/store/rules.ts'
import { insertSettings, loadSettings, updateSettings } from '#server/store/settings.ts'
import { createVault } from '#server/store/vault.ts'
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database.ts'
import { fillDirectory, groups, type PersonName, people, prodReadOnly } from './organisation.ts'

export * from './organisation.ts'

export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(options: Pick<TestDatabaseOptions, 'cluster'> = {}) {
  const database = await createTestDatabase(options)
  const { db } = database
  let nowMs = Date.parse('2026-11-24T09:00:00.000Z')
  const clock = { now: () => new Date(nowMs) }
  await fillDirectory(database, clock.now())
  const rules = createRulesStore()
  const aws = fakeAws(database, clock)
  const told: { event: string; requestId: string }[] = []
  const announce = async (_: unknown, event: string, requestId: string) =>
    void told.push({ event, requestId })
  const bulletins: Bulletin[] = []
  const tellOverseers = async (_: unknown, bulletin: Bulletin) => void bulletins.push(bulletin)
  const looks = createLooks({ db, clock, assignments: aws, log: { warn: () => undefined } })
  const vault = createVault({ db, material: { current: 's'.repeat(32), previous: null } })
  const ports = {
    db,
    vault,
    clock,
    rules,
    announce,
    tellOverseers,
    looks,
    confirmPeople: aws.confirmPeople,
    // So few targets would all count as just added, and be told by number: here they are not.
    approvableTargets: createApprovableTargets({ unsettledNumbersMax: 0, amongMax: 1 }),
  }
  const loadActor = createLoadActor(ports)
  const log = { error: (facts: object, message: string) => console.error(message, facts) }

  const world = {
    database,
    db,
    clock,
    rules,
    aws,
    told,
    bulletins,
    looks,
    ports,
    loadActor,
    expireDue: createExpireDue({ ...ports, log }),
    pass: (seconds: number) => {
      nowMs += seconds * 1000
    },
    async actor(name: PersonName): Promise<Actor> {
      const actor = await loadActor(people[name])
      if (actor === null) throw new Error(`${name} is not in the directory`)
      return actor
    },
    ...ruleMaking(database, clock),
    async submit(name: PersonName, submission: Partial<Submission> = {}): Promise<RequestId> {
      const { requestIds } = await submitRequest(ports, {
        actor: await world.actor(name),
        submission: { ...plainSubmission, ...submission },
      })
      return requestIds[0]!
    },
    async request(id: RequestId): Promise<StoredRequest> {
      const request = await loadRequest(db, id)
      if (request === null) throw new Error(`There is no request ${id}`)
      return request
    },
    /** What the engine would write when AWS has confirmed the creation. */
    async activate(id: RequestId): Promise<void> {
      const at = clock.now()
      await change(db, at, async (c) => {
        const move = (status: 'activating' | 'active') =>
          c.tx
            .updateTable('request')
            .set({ status, version: sql`version + 1`, updated_at: at })
            .where('request_id', '=', id)
            .execute()
        await move('activating')
        await move('active')
        await sql`update access_grant set intent_at = ${at}, granted_at = ${at}, starts_at = ${at},
          session_minutes = 60,
          ends_at = ${at}::timestamptz + duration_minutes * interval '1 minute'
          where request_id = ${id}`.execute(c.tx)
      })
    },
    async events(
      objectId?: string,
    ): Promise<{ action: string; payload: Record<string, unknown> }[]> {
      const query = db.selectFrom('audit_event').select(['action', 'payload']).orderBy('seq')
      const rows = await (objectId === undefined
        ? query
        : query.where('object_id', '=', objectId)
      ).execute()
      return rows.map(({ action, payload }) => ({ action, payload: JSON.parse(payload ?? '{}') }))
    },
    close: () => database.drop(),
  }
  await change(db, clock.now(), async (c) => {
    const seed = { adminGroupId: groups.admins, auditorGroupId: groups.auditors }
    await insertSettings(c, { ...defaultSettings, ...seed }, 'team')
    await raiseRulesVersion(c.tx)
  })
  return world
}

/** Rules as an administrator would make them, without the detour over HTTP. */
function ruleMaking({ db }: TestDatabase, clock: { now(): Date }) {
  return {
    async settings(patch: Partial<Settings>): Promise<void> {
      await change(db, clock.now(), async (c) => {
        const { version, settings } = await loadSettings(c.tx)
        await updateSettings(c, {
          settings: { ...settings, ...patch },
          expectedVersion: version,
          by: people.ada,
        })
        await raiseRulesVersion(c.tx)
      })
    },
    async eligibility(policy: Partial<EligibilityPolicy> = {}): Promise<PolicyId> {
      const id = randomUUID() as PolicyId
      await change(db, clock.now(), async (c) => {
        await eligibilityPolicies.insert(c, {
          policy: { ...plainEligibility, id, ...policy },
          by: people.ada,
        })
        await raiseRulesVersion(c.tx)
      })
      return id
    },
    async approval(policy: Partial<ApproverPolicy> = {}): Promise<PolicyId> {
      const id = randomUUID() as PolicyId
      await change(db, clock.now(), async (c) => {
        await approverPolicies.insert(c, {
          policy: { ...plainApprover, id, ...policy },
          by: people.ada,
        })
        await raiseRulesVersion(c.tx)
      })
      return id
    },
    async removePolicy(id: PolicyId): Promise<void> {
      await change(db, clock.now(), async (c) => {
        const gone = { id, version: 2, by: people.ada }
        const found =
          (await eligibilityPolicies.remove(c, gone)) || (await approverPolicies.remove(c, gone))
        if (!found) throw new Error(`There is no policy ${id}`)
        await raiseRulesVersion(c.tx)
      })
    },
  }
}

const noTargets = { accounts: [], organizationalUnits: [], root: false }

const plainEligibility: Omit<EligibilityPolicy, 'id'> = {
  version: 1,
  subject: { type: 'group', id: groups.users },
  targets: { ...noTargets, root: true },
  permissionSets: ['ReadOnlyAccess'],
  maxDurationMinutes: 120,
  approvalRequired: true,
  ticketRequired: false,
  justificationRequired: true,
  breakGlass: false,
  ticket: null,
  note: '',
  enabled: true,
}

const plainApprover: Omit<ApproverPolicy, 'id'> = {
  version: 1,
  targets: { ...noTargets, root: true },
  permissionSets: null,
  approverGroups: [groups.approvers],
  approvalsRequired: 1,
  exclusive: false,
  ticket: null,
  note: '',
  enabled: true,
}

export const plainSubmission: Submission = {
  targets: [prodReadOnly],
  startsAt: null,
  durationMinutes: 60,
  justification: '「障害対応」 looking into the payment backlog',
  ticket: null,
  breakGlass: false,
}

/** What AWS says, and whether it answers at all. Reading a person brings it into the replica. */
function fakeAws({ db }: TestDatabase, clock: { now(): Date }) {
  const gone = new Set<UserId>()
  const left: { userId: UserId; groupId: GroupId }[] = []
  const held = new Map<string, { userIds: Set<UserId>; groupIds: Set<GroupId> }>()
  const unknown = new Set<string>()
  const idOf = (target: Target) => `${target.accountId} ${target.permissionSetArn}`
  const aws = {
    answers: true,
    reads: [] as UserId[],
    looks: 0,
    /** Called while an operation waits for AWS. */
    meanwhile: async () => {},
    disable: (name: PersonName) => void gone.add(people[name]),
    takeOut: (name: PersonName, group: keyof typeof groups) =>
      void left.push({ userId: people[name], groupId: groups[group] }),
    assign: (target: Target, to: { userId?: UserId; groupId?: GroupId }) => {
      const seen = held.get(idOf(target)) ?? { userIds: new Set(), groupIds: new Set() }
      if (to.userId) seen.userIds.add(to.userId)
      if (to.groupId) seen.groupIds.add(to.groupId)
      held.set(idOf(target), seen)
    },
    /** From now on AWS says that there is no such account or permission set. */
    forget: (target: Target) => void unknown.add(idOf(target)),
    async holders(target: Target): Promise<Holders> {
      aws.looks += 1
      if (!aws.answers) throw new Error('AWS does not answer')
      if (unknown.has(idOf(target))) return { kind: 'gone', message: 'does not exist' }
      const seen = held.get(idOf(target)) ?? { userIds: new Set(), groupIds: new Set() }
      return { kind: 'read' as const, ...seen }
    },
    confirmPeople: (async (userIds, maxAgeSeconds) => {
      await aws.meanwhile()
      const oldest = new Date(clock.now().getTime() - maxAgeSeconds * 1000)
      for (const userId of userIds) {
        const row = await db
          .selectFrom('directory_user')
          .select('read_at')
          .where('user_id', '=', userId)
          .executeTakeFirstOrThrow()
        if (row.read_at >= oldest) continue
        if (!aws.answers) return 'unavailable'
        aws.reads.push(userId)
        await read(userId)
      }
      return 'confirmed'
    }) satisfies ConfirmPeople,
  }

  async function read(userId: UserId): Promise<void> {
    await db
      .updateTable('directory_user')
      .set({ read_at: clock.now(), enabled: !gone.has(userId) })
      .where('user_id', '=', userId)
      .execute()
    for (const one of left.filter((membership) => membership.userId === userId)) {
      await db
        .deleteFrom('directory_membership')
        .where('user_id', '=', userId)
        .where('group_id', '=', one.groupId)
        .execute()
    }
    await db.updateTable('directory_version').set({ version: sql`version + 1` }).execute()
  }

  return aws
}
