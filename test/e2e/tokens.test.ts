/** API tokens by their page: made, shown once, revoked. */
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

test('a token is made by keyboard, shown once, works, and is revoked', async () => {
  const page = await b.signedIn('test-user', { at: '/tokens' })
  await expectPage(page.getByText('No API tokens')).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByRole('button', { name: 'Create token' }).first().press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Create token' }).press('Enter')
  await expectPage(dialog.getByText('Enter a name.')).toBeVisible()
  await expectPage(dialog.getByText('Choose at least one scope.')).toBeVisible()
  await expectPage(dialog.getByText('A program')).toHaveCount(0)
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Nightly report')
  await dialog.getByRole('button', { name: /Scopes/ }).press('Enter')
  await page.getByRole('option', { name: /me:read/ }).click()
  await page.keyboard.press('Escape')
  expect(await accessibilityProblems(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Create token' }).press('Enter')

  const secret = (
    await dialog
      .getByText(/^team_[0-9a-f]{16}_[0-9a-f]{64}$/)
      .first()
      .innerText()
  ).trim()
  expect(await accessibilityProblems(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expectPage(dialog.getByText(/Store the token first/)).toBeVisible()
  await dialog.getByRole('button', { name: 'I have stored it' }).press('Enter')
  await expectPage(dialog).toHaveCount(0)
  await expectPage(page.getByText('Nightly report')).toBeVisible()
  expect(await page.content()).not.toContain(secret)
  const me = () =>
    fetch(`${b.teamUrl}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } })
  expect((await me()).status).toBe(200)

  await page.getByRole('button', { name: 'Revoke Nightly report' }).press('Enter')
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).press('Enter')
  await expectPage(page.getByText('No API tokens')).toBeVisible()
  expect((await me()).status).toBe(401)
})
