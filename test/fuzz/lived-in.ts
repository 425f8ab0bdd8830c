/**
 * What there is for calls to be about: policies that let something happen, requests in the states in
 * which something can, tokens, notices, a session log, proposals. Restored and read again now and
 * then, as calls make and remove things.
 */
import { expect } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { SessionLog } from '#contract/session-log.ts'
import type { Settings } from '#contract/settings.ts'
import { trailPlaces } from '#sandbox/trail/trail.ts'
import { everywhere, type Scene } from '#test/api/scene.ts'
import type { Person } from '#test/person.ts'
import type { Known } from './values.ts'

export const userNames = [
  'test-user',
  'priya.raman',
  'sam.carter',
  'test-auditor',
  'test-admin',
] as const
export type UserName = (typeof userNames)[number]
export type People = Readonly<Record<UserName, Person>>

/** Who changed them last is no setting, and secrets are written and never read. */
const isRestored = (name: string) =>
  !/^(version|updated\w+|\w+(Token|Secret|SecretPrevious))$/.test(name)

export interface LivedIn {
  /** With `secondAdmin`, what widens waits for Priya, who administers beside Test Admin. */
  restore(people: People, options: { readonly secondAdmin: boolean }): Promise<Known>
}

export async function livedIn(scene: Scene): Promise<LivedIn> {
  await scene.join('priya.raman', 'TEAM admins')
  await scene.world.pass(120)
  const { eventDataStoreArn } = trailPlaces(scene.world.sandbox.world.state.organisation)
  let settings: object | undefined
  return {
    async restore(people, { secondAdmin }) {
      settings ??= await firstSettings(people['test-admin'], eventDataStoreArn)
      await restoreSettings(people, { ...settings, secondAdmin: false })
      await restorePolicies(scene, people['test-admin'])
      const logged = await restoreRequests(scene, people)
      await restoreTokens(scene, people)
      if (secondAdmin) await propose(scene, people, { ...settings, secondAdmin: true })
      return { ...(await readKnown(scene, people)), ...logged }
    },
  }
}

async function firstSettings(admin: Person, sessionLogLocation: string): Promise<object> {
  const { body } = await admin.get<Settings>('/settings')
  const kept = Object.entries(body).filter(([name]) => isRestored(name))
  const source = { sessionLogSource: 'cloudtrail_lake', sessionLogLocation }
  return { ...Object.fromEntries(kept), ...source }
}

async function restoreSettings(people: People, settings: object): Promise<void> {
  const admin = people['test-admin']
  const { headers } = await admin.get('/settings')
  const ifMatch = { 'if-match': headers.get('etag') ?? '' }
  const { status, body } = await admin.call<{ proposalId?: string }>(
    'PATCH',
    '/settings',
    settings,
    ifMatch,
  )
  if (status === 202) {
    const accept = `/proposals/${body.proposalId}/accept`
    const accepted = await people['priya.raman'].post(accept, {})
    expect(accepted.status, JSON.stringify(accepted.body)).toBe(200)
  } else expect(status, JSON.stringify(body)).toBe(200)
}

const [free, urgent, asked] = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess'] as const

async function restorePolicies(scene: Scene, admin: Person): Promise<void> {
  await scene.eligibility(admin, { permissionSets: [scene.set(free)], approvalRequired: false })
  const others = [scene.set(urgent), scene.set(asked)]
  await scene.eligibility(admin, { permissionSets: others, breakGlass: true })
  await scene.approval(admin)
}

/** One of them with a log of what was done, looked at by whoever holds it and by an administrator. */
async function restoreRequests(scene: Scene, people: People): Promise<Known> {
  const holder = people['test-user']
  for (const person of [holder, people['priya.raman']]) {
    for (const set of [free, urgent, asked]) {
      await person.post('/requests', {
        targets: [scene.target('payments-prod', set)],
        durationMinutes: 15,
        justification: 'Reading the logs',
        breakGlass: set === urgent,
      })
    }
  }
  await scene.world.pass(10)
  await scene.world.control('POST', 'trail', {
    userName: 'test-user',
    accountName: 'payments-prod',
    permissionSetName: free,
    eventName: 'ListBuckets',
  })
  const { body } = await holder.get<{ items: { id: string; permissionSetName: string }[] }>(
    '/requests?view=mine&limit=100',
  )
  const granted = body.items.filter((one) => one.permissionSetName === free)
  const ids = granted.slice(0, 1).map(({ id }) => id)
  const logs: string[] = []
  for (const id of ids) {
    for (const reader of [holder, people['test-admin']]) {
      const log = await reader.get<SessionLog>(`/requests/${id}/session-log`)
      if (log.status === 202) logs.push(log.body.id)
    }
  }
  await scene.world.pass(10)
  return { 'session-log': ids, logId: logs }
}

async function restoreTokens(scene: Scene, people: People): Promise<void> {
  const expiresAt = new Date(scene.world.now().getTime() + 86_400_000).toISOString()
  for (const person of Object.values(people)) {
    await person.post('/tokens', { name: 'Nightly report', scopes: ['requests:read'], expiresAt })
  }
}

async function propose(scene: Scene, people: People, settings: object): Promise<void> {
  await restoreSettings(people, settings)
  for (const admin of [people['test-admin'], people['priya.raman']]) {
    for (const maxDurationMinutes of [300, 360]) {
      const { status, body } = await admin.post('/eligibility-policies', {
        subject: { type: 'group', id: scene.group('TEAM users') },
        targets: everywhere,
        permissionSets: ['*'],
        maxDurationMinutes,
      })
      expect(status, JSON.stringify(body)).toBe(202)
    }
  }
}

const newestOf = (ids: readonly unknown[]) => [...ids.slice(0, 2), ...ids.slice(-2)]

async function readKnown(scene: Scene, people: People): Promise<Known> {
  const admin = people['test-admin']
  const list = async (path: string, field: string, by = admin) => {
    const { body } = await by.get<{ items?: Record<string, unknown>[] }>(path)
    return (body.items ?? []).map((item) => item[field])
  }
  const requests = (await list('/requests?view=all', 'id')).slice(0, 12)
  const { organization } = scene
  const group = (name: string) => ({ type: 'group', id: scene.group(name) })
  return {
    etag: [(await admin.get('/settings')).headers.get('etag')],
    subject: [group('TEAM users'), { type: 'user', id: scene.user('priya.raman') }],
    targets: [
      everywhere,
      { ...everywhere, root: false, accounts: [scene.account('payments-prod')] },
    ],
    id: [...organization.users.map(({ userId }) => userId), scene.group('TEAM users')],
    // Mostly one that can be asked for: what is refused at the door is tried often enough.
    accountId: [
      ...Array<string>(organization.accounts.length).fill(scene.account('payments-prod')),
      ...organization.accounts.map(({ accountId }) => accountId),
    ],
    justification: ['Looking into the alarm'],
    reason: ['Asked for by the data protection officer'],
    'accounts[]': organization.accounts.map(({ accountId }) => accountId),
    permissionSetArn: [free, urgent, asked].map(scene.set),
    'permissionSets[]': [...organization.permissionSets.map(({ arn }) => arn), '*', 'Read*'],
    'approverGroups[]': [scene.group('TEAM approvers')],
    'organizationalUnits[]': organization.organizationalUnits.map(({ id }) => id),
    adminGroupId: [scene.group('TEAM admins')],
    auditorGroupId: [scene.group('TEAM auditors')],
    userId: organization.users.map(({ userId }) => userId),
    durationMinutes: [15, 60],
    requests,
    submissions: await list('/requests?view=all', 'submissionId'),
    'eligibility-policies': newestOf(await list('/eligibility-policies', 'id')),
    'approver-policies': newestOf(await list('/approver-policies', 'id')),
    reconciler: await list('/reconciler/keys', 'id'),
    proposals: await list('/proposals?status=waiting', 'id'),
    'saved-requests': await list('/saved-requests', 'id'),
    audit: await list('/audit/holds', 'id'),
    tokens: (
      await Promise.all(Object.values(people).map((one) => list('/tokens', 'id', one)))
    ).flat(),
    access: [
      (
        await admin.post<{ id: string }>('/access/look', {
          accountId: scene.account('payments-prod'),
        })
      ).body.id,
    ],
    notices: await noticesOf(admin, requests),
  }
}

async function noticesOf(admin: Person, requests: readonly unknown[]): Promise<string[]> {
  const found = requests.slice(0, 3).map((id) => admin.get<Request>(`/requests/${id}`))
  const details = await Promise.all(found)
  return details.flatMap(({ body }) => body.notices.map((notice) => notice.noticeId))
}
