/** The auditor's pages: found by filters that stand in the URL, opened, verified, taken as files. */
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  accessibilityProblems,
  type BrowserWorld,
  download,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

let b: BrowserWorld
let auditor: Page
let accountId: string | undefined
let permissionSets: readonly { name: string; arn: string }[] = []
const asked = (permissionSet: string) => ({
  targets: [
    {
      accountId,
      permissionSetArn: permissionSets.find(({ name }) => name === permissionSet)?.arn,
    },
  ],
  durationMinutes: 60,
  justification: '=1+1',
  ticket: 'OPS-7',
})
beforeAll(async () => {
  b = await openBrowserWorld()
  const [admin, user] = await Promise.all(
    ['test-admin', 'test-user'].map((name) => b.world.person(name)),
  )
  const organization = await b.world.organization()
  const idOf = (name: string) =>
    organization.groups.find((one) => one.displayName === name)?.groupId
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  const policy = {
    subject: { type: 'group', id: idOf('TEAM users') },
    targets: everywhere,
    permissionSets: ['*'],
    maxDurationMinutes: 240,
  }
  const { body: made } = await admin!.post<{ id: string }>('/eligibility-policies', policy)
  await admin!.post('/approver-policies', {
    targets: everywhere,
    approverGroups: [idOf('TEAM approvers')],
  })
  const changed = { ...policy, maxDurationMinutes: 120 }
  await admin!.call('PUT', `/eligibility-policies/${made.id}`, changed, { 'if-match': '"1"' })
  accountId = organization.accounts.find((one) => one.name === 'payments-prod')?.accountId
  permissionSets = organization.permissionSets
  await user!.post('/requests', asked('ReadOnlyAccess'))
  auditor = await b.signedIn('test-auditor', {
    at: '/audit/events?action=eligibility-policy.update',
  })
})
afterAll(() => b.close())

test('the trail is filtered by the URL, opened with what changed, and verified', async () => {
  const rows = auditor.locator('tbody tr')
  await expectPage(rows).toHaveCount(1)
  expect(await accessibilityProblems(auditor)).toEqual([])
  await auditor.getByRole('button', { name: /Open event \d+/ }).click()
  const dialog = auditor.getByRole('dialog')
  const changed = dialog.locator('tr', { hasText: 'maxDurationMinutes' })
  await expectPage(changed).toContainText('240')
  await expectPage(changed).toContainText('120')
  await expectPage(dialog.getByText('Hash of the event before')).toBeVisible()
  expect(auditor.url()).toMatch(/event=\d+/)
  expect(await accessibilityProblems(auditor)).toEqual([])
  await auditor.keyboard.press('Escape')
  await expectPage(dialog).toHaveCount(0)

  await auditor.getByRole('button', { name: 'Verify chain' }).click()
  await expectPage(auditor.getByText(/^Intact: \d+ events, head [0-9a-f]{8}…$/)).toBeVisible()
  const text = await download(auditor, 'Export this view as JSON lines')
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).action),
  ).toEqual(['eligibility-policy.update'])
  await auditor.getByRole('button', { name: 'Clear filters' }).click()
  await expectPage(rows.nth(5)).toBeVisible()
  expect(new URL(auditor.url()).searchParams.get('action')).toBe(null)
})

test('all requests are filtered by token, and the view is exported without formulas', async () => {
  await auditor.goto(`${b.teamUrl}/audit/requests`)
  await expectPage(auditor.locator('tbody tr')).toHaveCount(1)
  const filter = auditor.getByRole('combobox', { name: /Find by status/ })
  await filter.fill('Ticket ^ OPS')
  await filter.press('Enter')
  await expectPage(auditor).toHaveURL(/ticket=OPS/)
  await expectPage(auditor.locator('tbody tr')).toHaveCount(1)
  expect(await accessibilityProblems(auditor)).toEqual([])
  expect(await download(auditor, 'Export this view as CSV')).toContain(`,'=1+1,OPS-7,`)
  await auditor.goto(`${b.teamUrl}/audit/requests?status=rejected,failed`)
  await expectPage(auditor.getByText('Nothing matches these filters.')).toBeVisible()
})

test('what comes before a page can be told live is told all the same', async () => {
  const { promise: sent, resolve: isSent } = Promise.withResolvers<void>()
  await auditor.route('**/api/v1/stream**', async (route) => {
    await sent
    await route.continue()
  })
  await auditor.goto(`${b.teamUrl}/audit/requests?ticket=OPS-6`)
  await expectPage(auditor.getByText('Nothing matches these filters.')).toBeVisible()
  const user = await b.world.person('test-user')
  await user.post('/requests', { ...asked('AdministratorAccess'), ticket: 'OPS-6' })
  isSent()
  await expectPage(auditor.locator('tbody')).toContainText('OPS-6')
  await auditor.unroute('**/api/v1/stream**')
})

test('what comes while a list is read waits in front of it, and columns and rows are remembered', async () => {
  await auditor.goto(`${b.teamUrl}/audit/requests`)
  const table = auditor.locator('tbody')
  await expectPage(table).toContainText('OPS-7')
  const user = await b.world.person('test-user')
  // Of two requests of one instant, either may come first.
  await b.pass(1)
  const sent = await user.post('/requests', { ...asked('PowerUserAccess'), ticket: 'OPS-8' })
  expect(sent.status).toBe(201)
  const show = auditor.getByRole('button', { name: '1 new: show' })
  await expectPage(show).toBeVisible()
  await expectPage(table).not.toContainText('OPS-8')
  await show.click()
  await expectPage(table).toContainText('OPS-8')
  await expectPage(show).toHaveCount(0)

  await auditor.getByRole('button', { name: 'Columns and rows' }).click()
  const choice = auditor.getByRole('dialog', { name: 'Columns and rows' })
  await choice.getByRole('checkbox', { name: 'Justification' }).uncheck()
  await choice.getByRole('radio', { name: '20' }).check()
  await auditor.keyboard.press('Escape')
  await expectPage(table).not.toContainText('OPS-8')
  const [asked20] = await Promise.all([
    auditor.waitForRequest(/view=all.*limit=20|limit=20.*view=all/),
    auditor.reload(),
  ])
  expect(asked20.url()).toContain('limit=20')
  await expectPage(table).not.toContainText('OPS-8')
  await expectPage(table.locator('tr')).toHaveCount(3)
})

test('what happens while the trail is read waits in front of it, too', async () => {
  await auditor.goto(`${b.teamUrl}/audit/events?objectType=approver-policy`)
  const rows = auditor.locator('tbody tr')
  await expectPage(rows).toHaveCount(1)
  await expectPage(rows).toContainText('approver-policy.create')
  const [admin, { groups }] = await Promise.all([
    b.world.person('test-admin'),
    b.world.organization(),
  ])
  const approvers = groups.find((one) => one.displayName === 'TEAM approvers')?.groupId
  const added = await admin.post('/approver-policies', {
    targets: { accounts: [accountId], organizationalUnits: [], root: false },
    approverGroups: [approvers],
  })
  expect(added.status).toBe(201)
  const show = auditor.getByRole('button', { name: '1 new: show' })
  await expectPage(show).toBeVisible()
  await expectPage(rows).toHaveCount(1)
  await show.click()
  await expectPage(rows).toHaveCount(2)
  await expectPage(show).toHaveCount(0)
})

test('usage is summed by person, and unknown is said to be unknown', async () => {
  const sam = await b.world.person('sam.carter')
  const { body } = await sam.get<{ items: { id: string }[] }>('/requests?view=to-approve')
  await sam.post(`/requests/${body.items[0]?.id}/approve`)
  await auditor.goto(`${b.teamUrl}/audit/usage?by=person`)
  const row = auditor.locator('tbody tr', { hasText: 'test-user' })
  await expectPage(row).toContainText('1 h')
  await expectPage(row.getByText('not recorded')).toHaveCount(2)
  expect(await accessibilityProblems(auditor)).toEqual([])
})

test('on a narrow screen, in Japanese and in the dark, all of it is there', async () => {
  const page = await b.signedIn('test-auditor', {
    locale: 'ja-JP',
    width: 390,
    colorScheme: 'dark',
  })
  for (const [path, title] of [
    ['/audit/events', '監査証跡'],
    ['/audit/requests', 'すべての申請'],
    ['/audit/usage', '許可と利用の比較'],
  ] as const) {
    await page.goto(`${b.teamUrl}${path}`)
    await expectPage(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await expectPage(page.getByRole('listitem').first()).toBeVisible()
    expect(await accessibilityProblems(page)).toEqual([])
    const widths = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      return { scrollWidth, clientWidth }
    })
    expect(widths.scrollWidth).toBeLessThanOrEqual(widths.clientWidth)
  }
})

test('who is neither auditor nor administrator finds none of it', async () => {
  const page = await b.signedIn('test-user')
  await expectPage(page.getByRole('link', { name: 'Home' }).first()).toBeVisible()
  await expectPage(page.getByRole('link', { name: 'Audit trail' })).toHaveCount(0)
  await page.goto(`${b.teamUrl}/audit/events`)
  await expectPage(page.getByRole('heading', { level: 1, name: 'Audit trail' })).toHaveCount(0)
  expect(b.problems).toEqual([])
})

test('a legal hold is placed, stops erasing, and is released with a reason', async () => {
  const admin = await b.signedIn('test-admin')
  await admin.goto(`${b.teamUrl}/audit/records`)
  await expectPage(admin.getByText('No legal hold was ever placed')).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])
  const dialog = admin.getByRole('dialog')
  const choosePriya = async () => {
    await dialog.getByRole('button', { name: /^Person/ }).click()
    await admin.keyboard.type('priya')
    await admin.getByRole('option', { name: /Priya Raman/ }).click()
  }

  await admin.getByRole('button', { name: 'Place a hold' }).click()
  const place = dialog.getByRole('button', { name: 'Place a hold' })
  await place.click()
  await expectPage(dialog.getByText('Choose a person')).toBeVisible()
  await expectPage(dialog.getByText('Say why')).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])
  await choosePriya()
  await dialog.getByLabel('Reason').fill('A lawsuit')
  await place.click()
  const row = admin.locator('tbody tr', { hasText: 'priya.raman' })
  await expectPage(row).toContainText('In force')
  await expectPage(row).toContainText('A lawsuit')

  const erase = async () => {
    await admin.getByRole('button', { name: 'Erase a person’s words' }).click()
    await choosePriya()
    await dialog.getByLabel('Reason').fill('Asked for it')
    await dialog.getByRole('button', { name: 'Erase the words of Priya Raman' }).click()
  }
  await erase()
  await expectPage(dialog.getByText('A legal hold keeps this. Release it first')).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  await row.getByRole('button', { name: 'Release the hold: priya.raman' }).click()
  await dialog.getByLabel('Reason').fill('It is settled')
  await dialog.getByRole('button', { name: 'Release', exact: true }).click()
  await expectPage(row).toContainText('Released')
  await expectPage(row).toContainText('It is settled')
  await erase()
  await expectPage(admin.getByText(/^Erased of Priya Raman/)).toBeVisible()

  await auditor.goto(`${b.teamUrl}/audit/records`)
  await expectPage(auditor.locator('tbody tr', { hasText: 'priya.raman' })).toContainText(
    'Released',
  )
  await expectPage(auditor.getByRole('button', { name: 'Place a hold' })).toHaveCount(0)
  await expectPage(auditor.getByRole('button', { name: 'Erase a person’s words' })).toHaveCount(0)
})

test('everybody chooses by which channel they are told of what', async () => {
  await auditor.goto(`${b.teamUrl}/preferences`)
  const box = auditor.getByRole('checkbox', { name: 'Access ended by Slack' })
  await expectPage(box).toBeChecked()
  expect(await accessibilityProblems(auditor)).toEqual([])
  await box.click()
  await auditor.getByRole('button', { name: 'Save' }).click()
  await expectPage(auditor.getByText('Preferences saved')).toBeVisible()
  await auditor.reload()
  await expectPage(box).not.toBeChecked()
  await expectPage(auditor.getByRole('checkbox', { name: 'Access ended by E-mail' })).toBeChecked()
  await expectPage(auditor.getByRole('checkbox', { name: /Daily digest/ })).toHaveCount(0)
})
