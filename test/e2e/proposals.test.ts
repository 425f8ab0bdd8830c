/** A change that widens access, through the pages: proposed by one administrator, accepted by another. */
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
  const joined = { userName: 'sam.carter', groupName: 'TEAM admins' }
  await b.world.control('POST', 'memberships', joined)
})
afterAll(() => b.close())

test('turned on, a wider setting is proposed, compared, refused to its author and accepted by another', async () => {
  // Signing in reads sam's groups, so there are two administrators.
  const sam = await b.signedIn('sam.carter')
  const page = await b.signedIn('test-admin', { at: '/admin/settings#policies' })
  await page.getByRole('checkbox', { name: /second administrator/ }).click()
  await page.getByRole('button', { name: 'Save: Policies' }).click()
  await expectPage(page.getByText('Settings saved: Policies')).toBeVisible()

  const approval = page.getByRole('checkbox', { name: /^Approval required/ })
  await approval.click()
  await expectPage(page.getByText(/waits as a proposal/)).toBeVisible()
  await page.getByRole('button', { name: 'Save: Requests and approval' }).click()
  await page.getByRole('link', { name: 'Open the proposal' }).click()
  await expectPage(page.getByRole('heading', { name: 'Change of settings' })).toBeVisible()
  await expectPage(page.getByText('widens access')).toBeVisible()
  await expectPage(page.getByRole('button', { name: 'Accept' })).toBeDisabled()
  await expectPage(page.getByRole('button', { name: 'Withdraw' })).toBeEnabled()
  expect(await accessibilityProblems(page)).toEqual([])

  await sam.goto(`${b.teamUrl}/`)
  await sam.getByRole('link', { name: 'Open proposals' }).click()
  await expectPage(sam.getByRole('link', { name: 'Change of settings' })).toBeVisible()
  expect(await accessibilityProblems(sam)).toEqual([])
  await sam.getByRole('link', { name: 'Change of settings' }).click()
  await sam.getByRole('button', { name: 'Accept' }).click()
  expect(await accessibilityProblems(sam)).toEqual([])
  await sam.getByRole('dialog').getByRole('button', { name: 'Accept' }).click()
  await expectPage(sam.getByText('Accepted; the change is made.')).toBeVisible()
  await page.goto(`${b.teamUrl}/admin/settings#rules`)
  await expectPage(page.getByRole('checkbox', { name: /^Approval required/ })).not.toBeChecked()
  expect(b.problems).toEqual([])
})
