/**
 * `npm run screenshots`: a picture of every page, in a world that has lived a little. Into
 * `screenshots/`, which git ignores; with `--docs` those that README shows, into docs/images/.
 */
import { mkdir } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { Request } from '#contract/request.ts'
import { type BrowserWorld, openBrowserWorld, type VisitorOptions } from '#test/e2e/browser.ts'
import type { Person } from '#test/person.ts'
import { startTestCluster } from '#test/postgres-cluster.ts'
import { chromiumOrInstall } from './chromium.ts'
import { root } from './run.ts'
import { buildWebIfStale } from './web-build.ts'

interface Shot {
  readonly name: string
  readonly who: string
  /** Of TEAM; beginning with `sandbox:`, of the sandbox. */
  readonly path: string
  readonly look?: VisitorOptions
  readonly fullPage?: boolean
  /** Stands in README or docs. */
  readonly docs?: boolean
}

const forDocs = process.argv.includes('--docs')
const folder = forDocs ? `${root}docs/images` : `${root}screenshots`
const settleMs = 2_600
const narrow = { width: 390 }
const japanese = { locale: 'ja-JP' } as const
const japaneseDark = { ...japanese, colorScheme: 'dark' } as const

await Promise.all([chromiumOrInstall(), buildWebIfStale(), mkdir(folder, { recursive: true })])
const cluster = await startTestCluster()
const b = await openBrowserWorld({ cluster })
try {
  const shots = await liveALittle(b)
  const chosen = forDocs ? shots.filter((shot) => shot.docs) : shots
  for (const shot of chosen) await take(b, shot)
} finally {
  await b.close()
  await cluster.stop()
}

async function take(world: BrowserWorld, shot: Shot): Promise<void> {
  const page = await world.signedIn(shot.who, shot.look)
  const isSandbox = shot.path.startsWith('sandbox:')
  await page.goto(
    isSandbox ? world.sandboxUrl + shot.path.slice('sandbox:'.length) : world.teamUrl + shot.path,
  )
  await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' })
  await quiet(page)
  await page.screenshot({ path: `${folder}/${shot.name}.png`, fullPage: shot.fullPage ?? false })
  await page.context().close()
  console.log(`${shot.name}.png`)
}

/** Until what the page asked for has come and been drawn. */
async function quiet(page: Page): Promise<void> {
  await page
    .locator('[class*="skeleton"], [class*="spinner"]')
    .first()
    .waitFor({ state: 'detached' })
  await page.waitForTimeout(settleMs)
}

async function liveALittle({ world, pass }: BrowserWorld): Promise<Shot[]> {
  const organization = await world.organization()
  const group = (name: string) =>
    organization.groups.find((one) => one.displayName === name)?.groupId ?? ''
  const ou = (name: string) =>
    organization.organizationalUnits.find((one) => one.name === name)?.id ?? ''
  const target = (account: string, set: string) => ({
    accountId: organization.accounts.find((one) => one.name === account)?.accountId ?? '',
    permissionSetArn: organization.permissionSets.find((one) => one.name === set)?.arn ?? '',
  })
  const admin = await world.person('test-admin')
  const user = await world.person('test-user')
  const priya = await world.person('priya.raman')
  const sam = await world.person('sam.carter')
  const policy = await admin.post<{ id: string }>('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets: {
      accounts: [],
      organizationalUnits: [{ id: ou('Workloads'), scope: 'subtree' }],
      root: false,
    },
    permissionSets: ['ReadOnlyAccess', 'PowerUser*'],
    maxDurationMinutes: 240,
    note: 'On call, all workloads',
  })
  await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM approvers') },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['AdministratorAccess'],
    maxDurationMinutes: 60,
    ticketRequired: true,
    note: 'Emergencies only',
  })
  await admin.post('/approver-policies', {
    targets: { accounts: [], organizationalUnits: [], root: true },
    approverGroups: [group('TEAM approvers')],
    note: 'Platform team decides everywhere',
  })
  const ask = async (
    person: Person,
    account: string,
    set: string,
    minutes: number,
    why: string,
  ) => {
    const { body } = await person.post<{ requests: Request[] }>('/requests', {
      targets: [target(account, set)],
      durationMinutes: minutes,
      justification: why,
    })
    await pass(20)
    return body.requests[0]?.id ?? ''
  }
  const ended = await ask(
    user,
    'storefront-dev',
    'ReadOnlyAccess',
    30,
    'Check why the nightly job stopped',
  )
  await sam.post(`/requests/${ended}/approve`, { comment: 'Go ahead' })
  await pass(600)
  await user.post(`/requests/${ended}/return`)
  await pass(60)
  const refused = await ask(user, 'storefront-prod', 'PowerUserAccess', 120, 'Try something out')
  await sam.post(`/requests/${refused}/reject`, {
    comment: 'Please try it in storefront-dev first',
  })
  const active = await ask(
    user,
    'payments-prod',
    'ReadOnlyAccess',
    60,
    '「障害対応」決済エラーの原因を本番ログで確認します',
  )
  await sam.post(`/requests/${active}/approve`, { comment: '了解です' })
  await pass(700)
  const pending = await ask(
    priya,
    'payments-prod',
    'PowerUserAccess',
    90,
    'Restart the settlement worker, INC-4242',
  )
  await ask(user, 'データ基盤-prod', 'ReadOnlyAccess', 45, '夜間バッチ失敗の調査')
  await pass(90)
  return pictures({
    active,
    ended,
    pending,
    policyId: policy.body.id,
    ...target('payments-dev', 'PowerUserAccess'),
  })
}

interface Places {
  readonly active: string
  readonly ended: string
  readonly pending: string
  readonly policyId: string
  readonly accountId: string
  readonly permissionSetArn: string
}

function pictures(at: Places): Shot[] {
  const prefilled = `/requests/new?target=${at.accountId}~${encodeURIComponent(at.permissionSetArn)}&minutes=60`
  const user = 'test-user'
  const approver = 'sam.carter'
  const admin = 'test-admin'
  return [
    { name: 'home-requester', who: user, path: '/' },
    { name: 'home', who: approver, path: '/', docs: true },
    { name: 'home-ja-dark', who: user, path: '/', look: japaneseDark, docs: true },
    { name: 'home-390', who: user, path: '/', look: narrow },
    { name: 'create-request', who: user, path: prefilled, docs: true },
    { name: 'create-request-ja', who: user, path: prefilled, look: japanese },
    { name: 'create-request-390', who: user, path: prefilled, look: narrow, fullPage: true },
    { name: 'my-requests', who: user, path: '/requests' },
    { name: 'my-requests-ja', who: user, path: '/requests', look: japanese },
    { name: 'my-requests-390', who: user, path: '/requests', look: narrow },
    { name: 'request-active', who: user, path: `/requests/${at.active}`, docs: true },
    { name: 'request-active-ja', who: user, path: `/requests/${at.active}`, look: japanese },
    {
      name: 'request-active-390',
      who: user,
      path: `/requests/${at.active}`,
      look: narrow,
      docs: true,
    },
    { name: 'request-ended', who: user, path: `/requests/${at.ended}`, fullPage: true },
    {
      name: 'request-decide',
      who: approver,
      path: `/requests/${at.pending}?decide=approve`,
      docs: true,
    },
    {
      name: 'request-decide-390',
      who: approver,
      path: `/requests/${at.pending}?decide=approve`,
      look: narrow,
    },
    { name: 'approvals', who: approver, path: '/approvals', docs: true },
    { name: 'approvals-dark', who: approver, path: '/approvals', look: { colorScheme: 'dark' } },
    { name: 'approvals-decided', who: approver, path: '/approvals?tab=decided' },
    { name: 'active-access', who: approver, path: '/access/active' },
    { name: 'ended-access', who: user, path: '/access/ended' },
    { name: 'eligibility', who: admin, path: '/admin/eligibility' },
    { name: 'eligibility-edit', who: admin, path: `/admin/eligibility/${at.policyId}`, docs: true },
    {
      name: 'eligibility-edit-ja',
      who: admin,
      path: `/admin/eligibility/${at.policyId}`,
      look: japanese,
    },
    {
      name: 'eligibility-new-390',
      who: admin,
      path: '/admin/eligibility/new',
      look: narrow,
      fullPage: true,
    },
    { name: 'approver-policies', who: admin, path: '/admin/approvers' },
    { name: 'approver-policy-new', who: admin, path: '/admin/approvers/new', fullPage: true },
    { name: 'settings', who: admin, path: '/admin/settings', fullPage: true },
    { name: 'settings-ja', who: admin, path: '/admin/settings', look: japanese, fullPage: true },
    { name: 'directory', who: admin, path: '/admin/directory' },
    { name: 'preferences', who: user, path: '/preferences' },
    { name: 'tokens', who: user, path: '/tokens' },
    { name: 'forbidden', who: user, path: '/admin/settings' },
    { name: 'not-found', who: user, path: '/requests/00000000-0000-4000-8000-000000000000' },
    { name: 'sandbox-console', who: admin, path: 'sandbox:/console', docs: true },
    { name: 'sandbox-portal', who: user, path: 'sandbox:/start' },
    { name: 'sandbox-inbox', who: user, path: 'sandbox:/inbox' },
    { name: 'sandbox-home', who: user, path: 'sandbox:/' },
  ]
}
