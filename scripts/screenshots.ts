/**
 * `npm run screenshots`: a picture of every page, in a world that has lived a little. Into
 * `screenshots/`, which git ignores; with `--docs` those that README and docs show, into
 * docs/images/; with `--notices` of these the mails, Slack and the session log alone.
 */
import { mkdir } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { type BrowserWorld, openBrowserWorld, type VisitorOptions } from '#test/e2e/browser.ts'
import { liveALittle, type Places } from '#test/e2e/lived.ts'
import { startTestCluster } from '#test/postgres-cluster.ts'
import { startSlack } from '#test/slack-stand-in.ts'
import { chromiumOrInstall } from './chromium.ts'
import { chooseLanguages, followBrowsers, takeNotices, turnOnChannels } from './notice-pictures.ts'
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

const noticesAlone = process.argv.includes('--notices')
const forDocs = noticesAlone || process.argv.includes('--docs')
const folder = forDocs ? `${root}docs/images` : `${root}screenshots`
const settleMs = 600
const narrow = { width: 390 }
const japanese = { locale: 'ja-JP' } as const
const japaneseDark = { ...japanese, colorScheme: 'dark' } as const

await Promise.all([chromiumOrInstall(), buildWebIfStale(), mkdir(folder, { recursive: true })])
const cluster = await startTestCluster()
const slack = await startSlack()
const b = await openBrowserWorld({ cluster, environment: { SLACK_API_URL: slack.url } })
try {
  await turnOnChannels(b.world, slack)
  const lived = await liveALittle(b)
  const shots = pictures(lived)
  const chosen = forDocs ? shots.filter((shot) => shot.docs) : shots
  await followBrowsers(b.world)
  if (!noticesAlone) for (const shot of chosen) await take(b, shot)
  await chooseLanguages(b.world)
  await takeNotices(b, { slack, folder, active: lived.active })
} finally {
  await b.close()
  await slack.close()
  await cluster.stop()
}

async function take(world: BrowserWorld, shot: Shot): Promise<void> {
  const page = shot.path.startsWith('sandbox:')
    ? await world.throughPortal(shot.who, shot.look)
    : await world.signedIn(shot.who, { ...shot.look, at: shot.path })
  if (shot.path.startsWith('sandbox:')) {
    await page.goto(world.sandboxUrl + shot.path.slice('sandbox:'.length))
  }
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

function pictures(at: Places): Shot[] {
  const prefilled = `/requests/new?target=${at.target}&minutes=60`
  const held = `/requests/new?target=${at.held}&target=${at.target}&minutes=60`
  const user = 'test-user'
  const approver = 'sam.carter'
  const admin = 'test-admin'
  const auditor = 'test-auditor'
  return [
    { name: 'home-requester', who: user, path: '/' },
    { name: 'home', who: approver, path: '/', docs: true },
    { name: 'home-ja-dark', who: user, path: '/', look: japaneseDark, docs: true },
    { name: 'home-390', who: user, path: '/', look: narrow },
    { name: 'create-request', who: user, path: prefilled, docs: true },
    { name: 'create-request-ja', who: user, path: prefilled, look: japanese },
    { name: 'create-request-390', who: user, path: prefilled, look: narrow, fullPage: true },
    { name: 'create-request-refused', who: user, path: held, fullPage: true },
    { name: 'create-request-refused-390', who: user, path: held, look: narrow, fullPage: true },
    { name: 'my-requests', who: user, path: '/requests' },
    { name: 'my-requests-ja', who: user, path: '/requests', look: japanese },
    { name: 'my-requests-390', who: user, path: '/requests', look: narrow },
    { name: 'request-active', who: user, path: `/requests/${at.active}`, docs: true },
    { name: 'request-active-ja', who: user, path: `/requests/${at.active}`, look: japanese },
    { name: 'request-active-390', who: user, path: `/requests/${at.active}`, look: narrow },
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
    { name: 'approvals', who: approver, path: '/approvals' },
    { name: 'approvals-dark', who: approver, path: '/approvals', look: { colorScheme: 'dark' } },
    { name: 'approvals-decided', who: approver, path: '/approvals?tab=decided' },
    {
      name: 'approvals-panel',
      who: approver,
      path: `/approvals?open=${at.pending}`,
      docs: true,
    },
    { name: 'approvals-ja', who: approver, path: '/approvals', look: japanese },
    { name: 'approvals-390', who: approver, path: '/approvals', look: narrow, fullPage: true },
    { name: 'approvals-review', who: approver, path: '/approvals?tab=review' },
    { name: 'submission', who: approver, path: `/submissions/${at.submission}` },
    {
      name: 'submission-ja-dark',
      who: user,
      path: `/submissions/${at.submission}`,
      look: japaneseDark,
    },
    { name: 'request-late', who: admin, path: `/requests/${at.late}`, fullPage: true },
    { name: 'request-rejected-ja', who: user, path: `/requests/${at.rejected}`, look: japanese },
    { name: 'request-who', who: approver, path: `/requests/${at.pending}?tab=who`, fullPage: true },
    {
      name: 'request-events',
      who: auditor,
      path: `/requests/${at.pending}?tab=events`,
      fullPage: true,
    },
    { name: 'extend', who: user, path: `/requests/${at.active}?do=extend` },
    { name: 'revoke', who: approver, path: `/requests/${at.active}?do=revoke` },
    { name: 'active-access', who: approver, path: '/access/active' },
    { name: 'ended-access', who: user, path: '/access/ended' },
    { name: 'eligibility', who: admin, path: '/admin/eligibility' },
    {
      name: 'eligibility-edit',
      who: admin,
      path: `/admin/eligibility/${at.eligibility}`,
      docs: true,
    },
    {
      name: 'eligibility-edit-ja',
      who: admin,
      path: `/admin/eligibility/${at.eligibility}`,
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
    { name: 'home-admin', who: admin, path: '/' },
    { name: 'audit-requests', who: auditor, path: '/audit/requests' },
    { name: 'audit-events', who: auditor, path: '/audit/events' },
    { name: 'audit-event', who: auditor, path: '/audit/events?event=12' },
    { name: 'audit-events-390', who: auditor, path: '/audit/events', look: narrow },
    { name: 'audit-usage', who: auditor, path: '/audit/usage' },
    { name: 'audit-records-ja', who: admin, path: '/audit/records', look: japanese },
    {
      name: 'explorer',
      who: auditor,
      path: `/explore?account=${at.accountId}&tab=could-ask`,
      docs: true,
    },
    { name: 'explorer-390', who: auditor, path: `/explore?user=${at.userId}`, look: narrow },
    {
      name: 'eligibility-history',
      who: admin,
      path: `/admin/eligibility/${at.eligibility}?tab=history`,
    },
    { name: 'approver-policy', who: admin, path: `/admin/approvers/${at.approver}` },
    { name: 'proposals', who: admin, path: '/admin/proposals' },
    { name: 'proposal', who: auditor, path: `/admin/proposals/${at.proposal}`, fullPage: true },
    { name: 'health', who: admin, path: '/admin/health', fullPage: true, docs: true },
    { name: 'health-ja-dark', who: auditor, path: '/admin/health', look: japaneseDark },
    { name: 'health-390', who: admin, path: '/admin/health', look: narrow, fullPage: true },
    { name: 'preferences-ja-dark', who: user, path: '/preferences', look: japaneseDark },
    { name: 'forbidden', who: user, path: '/admin/settings' },
    { name: 'not-found', who: user, path: '/requests/00000000-0000-4000-8000-000000000000' },
    { name: 'sandbox-console', who: admin, path: 'sandbox:/console', docs: true },
    { name: 'sandbox-portal', who: user, path: 'sandbox:/start' },
    { name: 'sandbox-inbox', who: user, path: 'sandbox:/inbox' },
    { name: 'sandbox-home', who: user, path: 'sandbox:/' },
  ]
}
