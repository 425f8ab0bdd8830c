/** Extensions and break-glass, by the pages that people use for them. */
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import {
  accessibilityProblems,
  type BrowserWorld,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

let b: BrowserWorld
let user: Page
let approver: Page
let asUser: Person
let asApprover: Person

beforeAll(async () => {
  b = await openBrowserWorld()
  const { world } = b
  const { groups } = await world.organization()
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  const targets = { accounts: [], organizationalUnits: [], root: true }
  const admin = await world.person('test-admin')
  const made = await admin.post('/eligibility-policies', {
    subject: { type: 'group', id: group('TEAM users') },
    targets,
    permissionSets: ['*'],
    maxDurationMinutes: 30,
    breakGlass: true,
  })
  const approvers = await admin.post('/approver-policies', {
    targets,
    approverGroups: [group('TEAM approvers')],
  })
  expect([made.status, approvers.status]).toEqual([201, 201])
  asUser = await world.person('test-user')
  asApprover = await world.person('sam.carter')
  user = await b.signedIn('test-user', { at: '/preferences' })
  approver = await b.signedIn('sam.carter', { at: '/preferences' })
})
afterAll(() => b.close())

const choose = async (page: Page, label: RegExp, option: RegExp) => {
  await page.getByRole('button', { name: label }).click()
  await page.getByRole('option', { name: option }).first().click()
}
const idIn = (page: Page) => page.url().split('/').pop()?.split('?')[0] ?? ''

async function activeAccess(): Promise<string> {
  const { accounts, permissionSets } = await b.world.organization()
  const { body } = await asUser.post<{ requests: Request[] }>('/requests', {
    targets: [
      {
        accountId: accounts.find(({ name }) => name === 'payments-prod')?.accountId,
        permissionSetArn: permissionSets.find(({ name }) => name === 'ReadOnlyAccess')?.arn,
      },
    ],
    durationMinutes: 20,
    justification: 'Reading the logs',
  })
  const id = body.requests[0]?.id ?? ''
  await asApprover.post(`/requests/${id}/approve`)
  await b.pass(6)
  return id
}

describe('an extension', () => {
  let parent: string

  test('is asked for from the page of the access, which then points to it', async () => {
    parent = await activeAccess()
    await user.goto(`${b.teamUrl}/requests/${parent}?do=extend`)
    const dialog = user.getByRole('dialog')
    await expectPage(dialog.getByText(/It must be approved before that/)).toBeVisible()
    await expectPage(dialog.getByText('At most 30 min more')).toBeVisible()
    expect(await accessibilityProblems(user)).toEqual([])
    await dialog.getByRole('button', { name: 'Extend', exact: true }).click()
    await expectPage(dialog.getByText('Enter a justification')).toBeVisible()
    await dialog.getByRole('textbox', { name: /Minutes$/ }).fill('45')
    await expectPage(dialog.getByText(/30 min are left/)).toBeVisible()
    await dialog.getByRole('textbox', { name: /Minutes$/ }).fill('10')
    await dialog.getByRole('textbox', { name: /Justification/ }).fill('「まだ続いています」')
    await dialog.getByRole('button', { name: 'Extend', exact: true }).click()
    await expectPage(dialog).toBeHidden()
    await expectPage(user.getByText(/^Extension asked for/)).toBeVisible()
    const extend = user.getByRole('button', { name: 'Extend', exact: true })
    await expectPage(extend).toBeDisabled()
    expect(await accessibilityProblems(user)).toEqual([])
  })

  test('is approved like any request, and goes on without a gap', async () => {
    await user.getByRole('link', { name: 'Open the extension' }).click()
    await expectPage(user.getByText('Extension', { exact: true }).first()).toBeVisible()
    const id = idIn(user)
    expect(id).not.toBe(parent)
    await approver.goto(`${b.teamUrl}/requests/${id}?decide=approve`)
    const dialog = approver.getByRole('dialog')
    await expectPage(dialog.getByText('「まだ続いています」')).toBeVisible()
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await expectPage(dialog).toBeHidden()
    await b.leap(19 * 60)
    await b.pass(60)
    await expectPage(user.getByText('Active', { exact: true }).first()).toBeVisible()
    expect(await b.world.assignments()).toHaveLength(1)
    expect((await asUser.request(parent)).status).toBe('ended')
    await asUser.post(`/requests/${id}/return`)
    await b.pass(10)
  })
})

describe('break-glass', () => {
  let id: string

  test('is offered where a policy allows it, and says who is told before it is sent', async () => {
    await user.goto(`${b.teamUrl}/requests/new`)
    await choose(user, /^Account/, /storefront-prod/)
    await user.keyboard.press('Escape')
    await expectPage(user.getByRole('checkbox', { name: /break-glass/ })).toHaveCount(0)
    await choose(user, /^Permission set/, /PowerUserAccess/)
    await user.getByRole('checkbox', { name: /break-glass/ }).check()
    await expectPage(user.getByText(/an approver then reviews/i)).toBeVisible()
    await expectPage(user.getByRole('radio', { name: /Later|specific/i })).toHaveCount(0)
    await user.getByRole('textbox', { name: /Hours$/ }).fill('0')
    await user.getByRole('textbox', { name: /Minutes$/ }).fill('20')
    await user.getByRole('textbox', { name: /Justification/ }).fill('Payments are down')
    expect(await accessibilityProblems(user)).toEqual([])
    await user.getByRole('button', { name: 'Send request' }).click()
    await expectPage(user.getByRole('heading', { level: 1 })).toContainText('PowerUserAccess')
    id = idIn(user)
    expect((await asUser.request(id)).breakGlass).toBe(true)
    await b.pass(6)
    await expectPage(user.getByText('Active', { exact: true }).first()).toBeVisible()
    await expectPage(user.getByText('Review due', { exact: true }).first()).toBeVisible()
    expect(await accessibilityProblems(user)).toEqual([])
  })

  test('waits in the approver’s menu and list, in Japanese too', async () => {
    const japanese = await b.signedIn('sam.carter', { locale: 'ja-JP', colorScheme: 'dark' })
    await japanese
      .getByRole('link', { name: /^事後確認/ })
      .first()
      .click()
    await expectPage(japanese.getByRole('heading', { level: 1 })).toContainText(
      '緊急アクセスの事後確認',
    )
    await expectPage(japanese.getByText('Payments are down')).toBeVisible()
    await japanese.getByRole('button', { name: /^事後確認: / }).click()
    await expectPage(japanese.getByRole('dialog').getByText('正当でしたか?')).toBeVisible()
    expect(await accessibilityProblems(japanese)).toEqual([])
  })

  test('is reviewed with an answer and a reason, neither of which is chosen beforehand', async () => {
    await approver.goto(`${b.teamUrl}/requests/${id}?do=review`)
    const dialog = approver.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Review', exact: true }).click()
    await expectPage(dialog.getByText('Choose one.')).toBeVisible()
    await expectPage(dialog.getByText('Enter a comment.')).toBeVisible()
    expect(await accessibilityProblems(approver)).toEqual([])
    await dialog.getByRole('radio', { name: 'Not justified' }).check()
    await dialog.getByRole('textbox', { name: /Comment/ }).fill('何も停止していませんでした')
    await dialog.getByRole('button', { name: 'Review', exact: true }).click()
    await expectPage(dialog).toBeHidden()
    await b.pass(1)
    for (const page of [approver, user]) {
      await expectPage(
        page.getByText(/sam\.carter.* found this break-glass not justified/),
      ).toBeVisible()
    }
    await approver.goto(`${b.teamUrl}/approvals?tab=review`)
    await expectPage(
      approver.getByText('No break-glass access waits for your review'),
    ).toBeVisible()
    expect(await accessibilityProblems(approver)).toEqual([])
  })
})

test('nothing failed on the way', () => {
  expect(b.problems).toEqual([])
})
