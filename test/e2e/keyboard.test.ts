/** Asked, decided and given back without a pointer; the queue by single keys. */
import type { Locator, Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { everywhere } from '#test/api/scene.ts'
import {
  accessibilityProblems,
  type BrowserWorld,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

let b: BrowserWorld
let user: Page
let approver: Page
beforeAll(async () => {
  b = await openBrowserWorld()
  const { groups, accounts, permissionSets } = await b.world.organization()
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  const [admin, priya] = await Promise.all(
    ['test-admin', 'priya.raman'].map((name) => b.world.person(name)),
  )
  const made = await admin?.post('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets: everywhere,
    permissionSets: ['ReadOnlyAccess'],
    maxDurationMinutes: 60,
  })
  expect(made?.status).toBe(201)
  await admin?.post('/approver-policies', {
    targets: everywhere,
    approverGroups: [group('TEAM approvers')],
  })
  const set = permissionSets.find(({ name }) => name === 'ReadOnlyAccess')?.arn
  for (const name of ['storefront-prod', 'storefront-dev', 'payments-dev']) {
    const accountId = accounts.find((one) => one.name === name)?.accountId
    const asked = await priya?.post('/requests', {
      targets: [{ accountId, permissionSetArn: set }],
      durationMinutes: 30,
      justification: 'Reading the logs',
    })
    expect(asked?.status).toBe(201)
    await b.pass(1)
  }
  user = await b.signedIn('test-user', { at: '/requests/new' })
})
afterAll(() => b.close())

/** Tab until it has the focus, as somebody would who has no pointer. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expectPage(target).toBeVisible()
  for (let pressed = 0; pressed < 60; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  throw new Error(`Tab does not reach ${target}`)
}
const choose = async (page: Page, button: RegExp, words: string) => {
  await tabTo(page, page.getByRole('button', { name: button }))
  await page.keyboard.press('Enter')
  await expectPage(page.getByRole('option').first()).toBeVisible()
  await page.keyboard.type(words)
  await expectPage(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
}
const confirm = async (page: Page, name: string) => {
  const dialog = page.getByRole('dialog')
  await tabTo(page, dialog.getByRole('button', { name, exact: true }))
  await page.keyboard.press('Enter')
}
const link = (account: string) =>
  approver.getByRole('link', { name: `ReadOnlyAccess in ${account}`, exact: true })

test('a request is made by keyboard alone', async () => {
  await choose(user, /^Accounts/, 'payments-prod')
  await user.keyboard.press('Escape')
  await choose(user, /^Permission set in/, 'ReadOnly')
  await tabTo(user, user.getByRole('textbox', { name: /Justification/ }))
  await user.keyboard.type('Payments are slow')
  await user.keyboard.press('Control+Enter')
  await expectPage(user.getByRole('heading', { level: 1 })).toHaveText(
    'ReadOnlyAccess in payments-prod',
  )
})

test('it is approved by keys in its row, and the focus goes on to the next row', async () => {
  approver = await b.signedIn('sam.carter', { at: '/approvals' })
  await expectPage(approver.getByText(/A approves, R rejects/)).toBeVisible()
  expect(await accessibilityProblems(approver)).toEqual([])
  await link('storefront-prod').focus()
  await approver.keyboard.press('a')
  await expectPage(approver.getByRole('dialog')).toContainText(
    'Approve ReadOnlyAccess in storefront',
  )
  await confirm(approver, 'Approve')
  await expectPage(link('storefront-prod').and(approver.locator('table a'))).toHaveCount(0)
  await expectPage(link('storefront-dev')).toBeFocused()
  await approver.keyboard.press('r')
  await confirm(approver, 'Reject')
  await expectPage(link('payments-dev').and(approver.locator('table a'))).toBeFocused()
})

test('what AWS could not confirm is tried again from the same question', async () => {
  await b.leap(61)
  for (const operation of ['DescribeUser', 'ListGroupMembershipsForMember']) {
    addFault(b.world.sandbox.world, { operation, error: 'InternalServerException' })
  }
  await link('payments-prod').focus()
  await approver.keyboard.press('A')
  const comment = approver.getByRole('dialog').getByRole('textbox', { name: /Comment/ })
  await tabTo(approver, comment)
  await approver.keyboard.type('Only today')
  await confirm(approver, 'Approve')
  await expectPage(approver.getByRole('dialog').getByText(/AWS could not/)).toBeVisible()
  await expectPage(comment).toHaveValue('Only today')
  for (const id of [...b.world.sandbox.world.state.faults.keys()]) {
    b.world.sandbox.world.commit({ type: 'fault-removed', id })
  }
  await confirm(approver, 'Try again')
  await expectPage(approver.getByRole('dialog')).toBeHidden()
  await b.pass(6)
})

test('the keys are off for whoever turns them off, and do nothing while one types', async () => {
  await approver.getByRole('searchbox').focus()
  await approver.keyboard.type('ra')
  await expectPage(approver.getByRole('dialog')).toHaveCount(0)
  await approver.goto(`${b.teamUrl}/preferences`)
  await tabTo(approver, approver.getByRole('checkbox', { name: 'Single-key shortcuts' }))
  await approver.keyboard.press('Space')
  await tabTo(approver, approver.getByRole('button', { name: 'Save', exact: true }))
  await approver.keyboard.press('Enter')
  await expectPage(approver.getByText('Preferences saved')).toBeVisible()
  await approver.goto(`${b.teamUrl}/approvals`)
  await link('payments-dev').focus()
  await approver.keyboard.press('a')
  await expectPage(approver.getByText(/A approves, R rejects/)).toHaveCount(0)
  await expectPage(approver.getByRole('dialog')).toHaveCount(0)
  await approver
    .getByRole('button', { name: /^Approve ReadOnlyAccess in payments-dev/ })
    .press('Enter')
  await expectPage(approver.getByRole('dialog')).toBeVisible()
})

test('access is given back by keyboard alone', async () => {
  await expectPage(user.getByText('Active', { exact: true }).first()).toBeVisible()
  await tabTo(user, user.getByRole('button', { name: 'Give back', exact: true }), 'Shift+Tab')
  await user.keyboard.press('Enter')
  await confirm(user, 'Give back')
  await expectPage(user.getByRole('dialog')).toBeHidden()
  await b.pass(6)
  await expectPage(user.getByText('Ended', { exact: true }).first()).toBeVisible()
  // The refusals above are answers.
  expect(b.problems.filter((problem) => !problem.includes('status of 503'))).toEqual([])
})
