/** The page Health: a removal that AWS denies, seen, acknowledged and gone by itself; a lost notice. */
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import {
  accessibilityProblems,
  type BrowserWorld,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

let b: BrowserWorld
let admin: Page
beforeAll(async () => {
  b = await openBrowserWorld()
  const { world } = b
  const [boss, user] = await Promise.all(
    ['test-admin', 'test-user'].map((name) => world.person(name)),
  )
  const organization = await world.organization()
  const idOf = (name: string) =>
    organization.groups.find((one) => one.displayName === name)?.groupId
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  await boss!.post('/eligibility-policies', {
    subject: { type: 'group', id: idOf('TEAM users') },
    targets: everywhere,
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
    approvalRequired: false,
  })
  await boss!.post('/approver-policies', {
    targets: everywhere,
    approverGroups: [idOf('TEAM approvers')],
  })
  const target = {
    accountId: organization.accounts.find((one) => one.name === 'payments-prod')?.accountId,
    permissionSetArn: organization.permissionSets.find((one) => one.name === 'ReadOnlyAccess')?.arn,
  }
  const asked = { targets: [target], durationMinutes: 1, justification: 'Payments are slow' }
  expect((await user!.post('/requests', asked)).status).toBe(201)
  await world.pass(10)
  addFault(world.sandbox.world, {
    operation: 'DeleteAccountAssignment',
    error: 'AccessDeniedException',
  })
  await world.control('POST', 'assignments', { userName: 'priya.raman', ...target })
  await world.leap(301)
  for (let minutes = 0; minutes < 3; minutes += 1) await world.pass(60)
  // One that the provider has refused for a day.
  await world.database.owner.query(
    `update notice set state = 'failed', attempts = 12, last_error = 'Email address is not verified'
      where notice_id = (select notice_id from notice where event = 'active' limit 1)`,
  )
  admin = await b.signedIn('test-admin')
}, 120_000)
afterAll(() => b.close())

test('Home says what needs a look, and a late removal is acknowledged by name', async () => {
  await expectPage(admin.getByRole('heading', { name: 'Needs a look' })).toBeVisible()
  await expectPage(admin.getByRole('link', { name: '1 notice did not arrive' })).toBeVisible()
  await expectPage(admin.getByRole('link', { name: /1 assignment beside TEAM/ })).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])
  await admin.getByRole('link', { name: '1 removal is late' }).click()
  await expectPage(admin.getByText(/AWS does not let TEAM remove this/)).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])

  const button = admin.getByRole('button', {
    name: 'Acknowledge: ReadOnlyAccess in payments-prod for Test User (test-user)',
  })
  await button.click()
  const dialog = admin.getByRole('dialog')
  await expectPage(dialog.getByText(/The alarm stays until AWS confirms/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Acknowledge' }).click()
  await expectPage(dialog.getByText('Enter a comment.')).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])
  await dialog.getByRole('textbox', { name: 'Comment' }).fill('INC-7: asked the owners')
  await dialog.getByRole('button', { name: 'Acknowledge' }).click()
  await expectPage(dialog).toHaveCount(0)
  await expectPage(admin.getByText('INC-7: asked the owners')).toBeVisible()
  await expectPage(button).toHaveAttribute('aria-disabled', 'true')
})

test('a release names person and target and says that the access stays; Escape leaves it', async () => {
  const button = admin.getByRole('button', { name: /^Release: ReadOnlyAccess/ }).first()
  await button.press('Enter')
  const dialog = admin.getByRole('dialog')
  await expectPage(
    dialog.getByText(/Test User \(test-user\) keeps ReadOnlyAccess in payments-prod/),
  ).toBeVisible()
  await admin.keyboard.press('Escape')
  await expectPage(dialog).toHaveCount(0)
  await expectPage(button).toBeFocused()
  expect(await b.world.assignments()).toHaveLength(2)
})

test('a notice that did not arrive is sent again, and drift names its holder', async () => {
  await admin.getByRole('tab', { name: 'Undelivered notices (1)' }).click()
  expect(admin.url()).toContain('tab=notices')
  await expectPage(admin.getByText('Email address is not verified')).toBeVisible()
  expect(await accessibilityProblems(admin)).toEqual([])
  await admin.getByRole('button', { name: /^Send again: / }).click()
  await expectPage(admin.getByText(/^Sent on its way again/)).toBeVisible()
  await expectPage(admin.getByText('Every notice arrived or is still being tried')).toBeVisible()
  await admin.getByRole('tab', { name: 'Drift (1)' }).click()
  await expectPage(admin.getByText(/Priya Raman.*ReadOnlyAccess in payments-prod/)).toBeVisible()

  await admin.getByRole('button', { name: 'Columns and rows' }).click()
  const choice = admin.getByRole('dialog', { name: 'Columns and rows' })
  await choice.getByRole('checkbox', { name: 'Last seen' }).uncheck()
  await choice.getByRole('radio', { name: '20' }).check()
  await admin.keyboard.press('Escape')
  const [asked] = await Promise.all([admin.waitForRequest(/state=drift.*limit=20/), admin.reload()])
  expect(asked.url()).toContain('limit=20')
  await expectPage(admin.getByRole('columnheader', { name: 'First seen' })).toBeVisible()
  await expectPage(admin.getByRole('columnheader', { name: 'Last seen' })).toHaveCount(0)
})

test('an auditor reads the same and may do nothing, in Japanese, in the dark, on a narrow screen', async () => {
  const auditor = await b.signedIn('test-auditor', {
    at: '/admin/health?tab=drift',
    locale: 'ja-JP',
    width: 390,
    colorScheme: 'dark',
  })
  await expectPage(auditor.getByRole('heading', { level: 1, name: '稼働状況' })).toBeVisible()
  await expectPage(auditor.getByText(/AWS が TEAM による削除を許可していません/)).toBeVisible()
  await expectPage(auditor.getByText(/Priya Raman/)).toBeVisible()
  await expectPage(auditor.getByRole('button', { name: /^(確認|引き渡し|再送)/ })).toHaveCount(0)
  expect(await accessibilityProblems(auditor)).toEqual([])
  const widths = await auditor.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return { scrollWidth, clientWidth }
  })
  expect(widths.scrollWidth).toBeLessThanOrEqual(widths.clientWidth)
})

test('when AWS lets TEAM, the open page says so by itself; nobody else finds the page', async () => {
  const { state } = b.world.sandbox.world
  for (const id of [...state.faults.keys()]) {
    b.world.sandbox.world.commit({ type: 'fault-removed', id })
  }
  await b.world.leap(16 * 60)
  await b.pass(15)
  await expectPage(admin.getByText('Nothing is late')).toBeVisible()
  const user = await b.signedIn('test-user', { at: '/admin/health' })
  await expectPage(user.getByText(/Auditor|Administrator/).first()).toBeVisible()
  await expectPage(user.getByText('Nothing is late')).toHaveCount(0)
  expect(b.problems).toEqual([])
}, 120_000)
