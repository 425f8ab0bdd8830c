/** The access explorer by its page: an account, its people, AWS read at a press, a reason why. */
import { afterAll, beforeAll, expect, test } from 'vitest'
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

test('an auditor finds who could ask, has AWS read, sees who holds access, and asks why', async () => {
  const organization = await b.world.organization()
  const account = organization.accounts.find((one) => one.name === 'payments-prod')
  const set = organization.permissionSets.find((one) => one.name === 'ReadOnlyAccess')
  const group = organization.groups.find((one) => one.displayName === 'TEAM users')
  const admin = await b.world.person('test-admin')
  const made = await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group?.groupId },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
  })
  expect(made.status).toBe(201)
  await b.world.control('POST', 'assignments', {
    userName: 'priya.raman',
    accountId: account?.accountId,
    permissionSetArn: set?.arn,
  })

  const page = await b.signedIn('test-auditor', { at: '/explore' })
  await expectPage(page.getByText('Choose an account or a person')).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('button', { name: /^Account/ }).click()
  await page.getByRole('option', { name: /payments-prod/ }).click()
  await expectPage(page.getByText('Standing access was never read here')).toBeVisible()
  expect(page.url()).toContain(`account=${account?.accountId}`)

  await page.getByRole('button', { name: 'Read from AWS now' }).click()
  await b.pass(4)
  await expectPage(page.getByRole('link', { name: 'Priya Raman' })).toBeVisible()
  await expectPage(page.getByText('Standing, assigned to the person')).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])

  await page.getByRole('tab', { name: 'Could ask' }).click()
  await expectPage(page.getByText('Too few people can approve').first()).toBeVisible()
  expect(page.url()).toContain('tab=could-ask')
  await page.getByRole('button', { name: /^Why can Test User/ }).click()
  const dialog = page.getByRole('dialog')
  await expectPage(dialog.getByText(/Test User can't ask for ReadOnlyAccess/)).toBeVisible()
  await expectPage(dialog.getByText('Nobody.')).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expectPage(dialog).toHaveCount(0)

  await page.getByRole('link', { name: 'Test User' }).click()
  await expectPage(page.getByText(/Read from AWS: never/)).toBeVisible()
  expect(page.url()).toContain('user=')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /CSV/ }).click(),
  ])
  expect(download.suggestedFilename()).toBe('access.csv')

  const requester = await b.signedIn('test-user', { at: '/explore' })
  await expectPage(requester.getByText(/Auditor|Administrator/).first()).toBeVisible()
  await expectPage(requester.getByText('Choose an account or a person')).toHaveCount(0)
})
