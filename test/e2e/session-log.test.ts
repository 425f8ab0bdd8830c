/** What was done with an access: done in the portal's console, read on the request's page. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { trailPlaces } from '#sandbox/trail/trail.ts'
import {
  accessibilityProblems,
  type BrowserWorld,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

let b: BrowserWorld
beforeAll(async () => {
  b = await openBrowserWorld()
})
afterAll(() => b.close())

test('a person acts in an account; what they did, and only that, is in the session log', async () => {
  const admin = await b.signedIn('test-admin', { at: '/admin/settings#sessionLog' })
  const group = admin.getByRole('region', { name: 'Session logs' })
  await group.getByRole('button', { name: /Where CloudTrail/ }).click()
  await admin.getByRole('option', { name: /CloudWatch Logs/ }).click()
  await group.getByRole('button', { name: 'Save: Session logs' }).click()
  await expectPage(group.getByText('This field is required.')).toBeVisible()
  const { logGroupArn } = trailPlaces(b.world.sandbox.world.state.organisation)
  await group.getByRole('textbox', { name: 'Log group or event data store' }).fill(logGroupArn)
  await group.getByRole('button', { name: 'Save: Session logs' }).click()
  await expectPage(admin.getByText('Settings saved: Session logs')).toBeVisible()

  const id = await granted()
  const page = await b.throughPortal('test-user')
  await page.goto(`${b.sandboxUrl}/start`)
  await page.getByRole('link', { name: 'Management console' }).click()
  for (const action of ['List S3 buckets', 'Stop an EC2 instance', 'Stop the trail']) {
    await page.getByRole('button', { name: action }).click()
    await page.getByRole('status').waitFor()
  }
  await b.pass(10)

  await page.goto(`${b.teamUrl}/requests/${id}?tab=session-log`)
  await page.getByRole('button', { name: 'Read session log' }).press('Enter')
  await expectPage(page.getByText('Reading the session log').first()).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])
  const table = page.getByRole('grid', { name: 'Session log' })
  // The page asks by itself; the steps of the job are driven.
  for (let tries = 0; tries < 10 && !(await table.isVisible()); tries += 1) {
    await b.pass(1)
    await table.waitFor({ timeout: 2_000 }).catch(() => undefined)
  }
  await expectPage(table.getByRole('rowheader', { name: /ListBuckets/ })).toHaveCount(1)
  await expectPage(table.getByRole('rowheader')).toHaveCount(4)
  await expectPage(table.getByText('Error: AccessDenied')).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])

  await page.getByRole('button', { name: 'Errors (1)' }).click()
  await expectPage(table.getByRole('rowheader')).toHaveCount(1)
  expect(page.url()).toContain('shows=errors')
  await table.getByRole('button', { name: 'Show raw event of StopLogging' }).press('Enter')
  await expectPage(table.getByText('"sessionIssuer"')).toBeVisible()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download CSV' }).click(),
  ])
  expect(download.suggestedFilename()).toBe(`session-log-${id}.csv`)

  const at = new URL(page.url())
  const narrow = await b.signedIn('sam.carter', {
    at: at.pathname + at.search,
    width: 390,
    locale: 'ja-JP',
  })
  await expectPage(narrow.getByText('このセッションログは保存期間が過ぎたか')).toBeVisible()
  const overflow = () =>
    narrow.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
  expect(await overflow()).toBeLessThanOrEqual(0)
  expect(await accessibilityProblems(narrow)).toEqual([])
  expect(b.problems).toEqual([])
})

/** By the API: the pages of asking have tests of their own. */
async function granted(): Promise<string> {
  const { world } = b
  const admin = await world.person('test-admin')
  const { groups, accounts, permissionSets } = await world.organization()
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  const targets = { accounts: [], organizationalUnits: [], root: true }
  await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets,
    permissionSets: ['PowerUserAccess'],
    maxDurationMinutes: 60,
    approvalRequired: false,
  })
  await admin.post('/approver-policies', { targets, approverGroups: [group('TEAM approvers')] })
  const owner = await world.person('test-user')
  const { body } = await owner.post<{ requests: { id: string }[] }>('/requests', {
    targets: [
      {
        accountId: accounts.find(({ name }) => name === 'payments-dev')?.accountId,
        permissionSetArn: permissionSets.find(({ name }) => name === 'PowerUserAccess')?.arn,
      },
    ],
    durationMinutes: 60,
    justification: 'Reading the logs',
  })
  await b.pass(5)
  const id = body.requests[0]?.id
  if (id === undefined) throw new Error('Not granted')
  return id
}
