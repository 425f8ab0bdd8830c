/**
 * A small organisation for tests of operations and of HTTP: PostgreSQL and the stores are real,
 * time is driven, and AWS is what `aws` says. Nothing of a story is in it: a test makes its own
 * policies and requests.
 *
 *   root ─ Workloads ─ Prod ─ "Prod payments"            alice, erin   ask (group users)
 *      │            └─ Dev  ─ "Dev sandbox"              bob, carol    decide (group approvers)
 *      └─ "Management", "Closed" (suspended)             dan           decides too (group seconds)
 *                                                        ada           administers; audrey audits
 *                                                        mallory       is in no group
 */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { ApproverPolicy, EligibilityPolicy } from '#core/facts.ts'
import type {
  AccountId,
  GroupId,
  OuId,
  PermissionSetArn,
  PolicyId,
  RequestId,
  Target,
  UserId,
} from '#core/ids.ts'
import { defaultSettings, type Settings } from '#core/settings.ts'
import type { Submission } from '#core/submission.ts'
import { type Actor, createLoadActor } from '#server/operations/actor.ts'
import { createApprovableTargets } from '#server/operations/approvable-targets.ts'
import type { ConfirmPeople } from '#server/operations/confirming.ts'
import { createLooks } from '#server/operations/look-at-target.ts'
import { submitRequest } from '#server/operations/submit-request.ts'
import { change } from '#server/store/change.ts'
import { approverPolicies, eligibilityPolicies } from '#server/store/policies.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import { createRulesStore, raiseRulesVersion } from '#server/store/rules.ts'
import { insertSettings, loadSettings, updateSettings } from '#server/store/settings.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

const uuid = (tail: string) => `00000000-0000-4000-8000-${tail.padStart(12, '0')}`

export const groups = {
  users: uuid('61') as GroupId,
  approvers: uuid('62') as GroupId,
  seconds: uuid('63') as GroupId,
  admins: uuid('64') as GroupId,
  auditors: uuid('65') as GroupId,
}

export const people = {
  alice: uuid('a1') as UserId,
  erin: uuid('a2') as UserId,
  bob: uuid('b1') as UserId,
  carol: uuid('b2') as UserId,
  dan: uuid('b3') as UserId,
  ada: uuid('c1') as UserId,
  audrey: uuid('c2') as UserId,
  mallory: uuid('d1') as UserId,
}
export type PersonName = keyof typeof people

const memberships: Record<PersonName, (keyof typeof groups)[]> = {
  alice: ['users'],
  erin: ['users'],
  bob: ['users', 'approvers'],
  carol: ['approvers'],
  dan: ['seconds'],
  ada: ['admins'],
  audrey: ['auditors'],
  mallory: [],
}

export const ous = {
  root: 'r-test' as OuId,
  workloads: 'ou-test-workload1' as OuId,
  prod: 'ou-test-prod0001' as OuId,
  dev: 'ou-test-dev00001' as OuId,
}

export const accounts = {
  prod: '111111111111' as AccountId,
  dev: '222222222222' as AccountId,
  management: '333333333333' as AccountId,
  closed: '444444444444' as AccountId,
}

const arn = (tail: string) =>
  `arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-${tail.padStart(16, '0')}` as PermissionSetArn

export const permissionSets = {
  readOnly: arn('1'),
  admin: arn('2'),
  billing: arn('3'),
  organizations: arn('4'),
}

export const prodReadOnly: Target = {
  accountId: accounts.prod,
  permissionSetArn: permissionSets.readOnly,
}
export const prodAdmin: Target = {
  accountId: accounts.prod,
  permissionSetArn: permissionSets.admin,
}
export const devReadOnly: Target = {
  accountId: accounts.dev,
  permissionSetArn: permissionSets.readOnly,
}

export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld() {
  const database = await createTestDatabase()
  const { db } = database
  let nowMs = Date.parse('2026-11-24T09:00:00.000Z')
  const clock = { now: () => new Date(nowMs) }
  await fillDirectory(database, clock.now())
  const rules = createRulesStore()
  const aws = fakeAws(database, clock)
  const told: { event: string; requestId: string }[] = []
  const announce = async (_: unknown, event: string, requestId: string) =>
    void told.push({ event, requestId })
  const looks = createLooks({ db, clock, assignments: aws, log: { warn: () => undefined } })
  const ports = {
    db,
    clock,
    rules,
    announce,
    looks,
    confirmPeople: aws.confirmPeople,
    approvableTargets: createApprovableTargets(),
  }
  const loadActor = createLoadActor(ports)

  const world = {
    database,
    db,
    clock,
    rules,
    aws,
    told,
    looks,
    ports,
    loadActor,
    pass: (seconds: number) => {
      nowMs += seconds * 1000
    },
    async actor(name: PersonName): Promise<Actor> {
      const actor = await loadActor(people[name])
      if (actor === null) throw new Error(`${name} is not in the directory`)
      return actor
    },
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

async function fillDirectory({ db }: TestDatabase, at: Date): Promise<void> {
  await db
    .insertInto('directory_user')
    .values(
      Object.entries(people).map(([name, id]) => ({
        user_id: id,
        user_name: `${name}@example.com`,
        display_name: name[0]!.toUpperCase() + name.slice(1),
        email: `${name}@example.com`,
        enabled: true,
        read_at: at,
        gone_at: null,
      })),
    )
    .execute()
  await db
    .insertInto('directory_group')
    .values(
      Object.entries(groups).map(([name, id]) => ({
        group_id: id,
        display_name: `TEAM ${name}`,
        gone_at: null,
      })),
    )
    .execute()
  await db
    .insertInto('directory_membership')
    .values(
      Object.entries(memberships).flatMap(([name, of]) =>
        of.map((group) => ({ user_id: people[name as PersonName], group_id: groups[group] })),
      ),
    )
    .execute()
  const ou = (id: OuId, name: string, path: OuId[]) => ({
    ou_id: id,
    name,
    parent_id: path.at(-1) ?? null,
    path: [...path, id],
    gone_at: null,
  })
  await db
    .insertInto('directory_ou')
    .values([
      ou(ous.root, 'Root', []),
      ou(ous.workloads, 'Workloads', [ous.root]),
      ou(ous.prod, 'Prod', [ous.root, ous.workloads]),
      ou(ous.dev, 'Dev', [ous.root, ous.workloads]),
    ])
    .execute()
  const account = (id: AccountId, name: string, path: OuId[], other = {}) => ({
    account_id: id,
    name,
    state: 'ACTIVE',
    ou_path: path,
    is_management: false,
    gone_at: null,
    ...other,
  })
  await db
    .insertInto('directory_account')
    .values([
      account(accounts.prod, 'Prod payments', [ous.root, ous.workloads, ous.prod]),
      account(accounts.dev, 'Dev sandbox', [ous.root, ous.workloads, ous.dev]),
      account(accounts.management, 'Management', [ous.root], { is_management: true }),
      account(accounts.closed, 'Closed', [ous.root], { state: 'SUSPENDED' }),
    ])
    .execute()
  const permissionSet = (id: PermissionSetArn, name: string, other = {}) => ({
    permission_set_arn: id,
    name,
    description: `What ${name} allows`,
    session_minutes: 60,
    level: 'unknown' as const,
    in_management_account: false,
    content_read_at: null,
    gone_at: null,
    ...other,
  })
  await db
    .insertInto('directory_permission_set')
    .values([
      permissionSet(permissionSets.readOnly, 'ReadOnlyAccess', { level: 'read' }),
      permissionSet(permissionSets.admin, 'AdministratorAccess', { level: 'admin' }),
      permissionSet(permissionSets.billing, 'Billing', { session_minutes: null }),
      permissionSet(permissionSets.organizations, 'Organizations', { in_management_account: true }),
    ])
    .execute()
}

/** What AWS says, and whether it answers at all. Reading a person brings it into the replica. */
function fakeAws({ db }: TestDatabase, clock: { now(): Date }) {
  const gone = new Set<UserId>()
  const left: { userId: UserId; groupId: GroupId }[] = []
  const held = new Map<string, { userIds: Set<UserId>; groupIds: Set<GroupId> }>()
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
    async holders(target: Target) {
      aws.looks += 1
      if (!aws.answers) throw new Error('AWS does not answer')
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
