/** A policy is changed with its difference in sight, over nobody's head, and taken back from history. */
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
let page: Page
let admin: Person
let policyId: string
let body: Record<string, unknown>

beforeAll(async () => {
  b = await openBrowserWorld()
  const { world } = b
  const { groups, accounts, permissionSets } = await world.organization()
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  admin = await world.person('test-admin')
  body = {
    subject: { type: 'group', id: group('TEAM users') },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: ['Read*'],
    maxDurationMinutes: 60,
    approvalRequired: false,
  }
  const made = await admin.post<{ id: string }>('/eligibility-policies', body)
  expect(made.status).toBe(201)
  policyId = made.body.id
  const user = await world.person('test-user')
  const asked = await user.post<{ requests: Request[] }>('/requests', {
    targets: [
      {
        accountId: accounts.find(({ name }) => name === 'payments-prod')?.accountId,
        permissionSetArn: permissionSets.find(({ name }) => name === 'ReadOnlyAccess')?.arn,
      },
    ],
    durationMinutes: 30,
    justification: 'Reading the logs',
  })
  expect(asked.status).toBe(201)
  await b.pass(10)
  page = await b.signedIn('test-admin', { at: `/admin/eligibility/${policyId}` })
})
afterAll(() => b.close())

const panel = () => page.locator('.policy-preview')
const save = () => page.getByRole('button', { name: /^Save(?! policy)/ }).click()
const dialog = () => page.getByRole('dialog').filter({ visible: true })

/** Somebody else saves it meanwhile. */
async function changedElsewhere(change: object) {
  const { headers } = await admin.get(`/eligibility-policies/${policyId}`)
  const etag = headers.get('etag') ?? ''
  const { status } = await admin.call(
    'PUT',
    `/eligibility-policies/${policyId}`,
    { ...body, ...change },
    { 'if-match': etag },
  )
  expect(status).toBe(200)
}

describe('an eligibility policy', () => {
  test('shows what it matches, and the difference of each change, before it is saved', async () => {
    await expectPage(panel().getByText('Read*: ReadOnlyAccess')).toBeVisible()
    await expectPage(panel().getByText('Nothing changes in who may do what.')).toBeVisible()
    await page.getByRole('checkbox', { name: 'Ticket required' }).check()
    await expectPage(panel().getByText('Ticket newly needed')).toBeVisible()
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test('chooses units in a tree that says what each brings', async () => {
    const every = page.getByRole('checkbox', { name: 'Every account of the organization' })
    await every.uncheck()
    const tree = page.getByRole('tree')
    await tree.getByRole('button', { name: /Workloads/ }).click()
    await tree.getByRole('checkbox', { name: 'Prod', exact: true }).check()
    await expectPage(tree.getByText(/^In it and everything below: \d+ accounts?$/)).toBeVisible()
    await tree.getByRole('checkbox', { name: 'With everything below Prod' }).uncheck()
    await expectPage(page.getByText('Prod (directly in it)').first()).toBeVisible()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByRole('button', { name: 'Remove Prod' }).click()
    await expectPage(tree.getByRole('checkbox', { name: 'Prod', exact: true })).not.toBeChecked()
    await every.check()
  })

  test('that somebody else saved meanwhile shows theirs beside mine, and loses nothing', async () => {
    await changedElsewhere({ maxDurationMinutes: 90 })
    await save()
    await dialog().getByRole('button', { name: 'Save policy' }).click()
    await expectPage(page.getByText('Somebody else changed this meanwhile')).toBeVisible()
    const differences = page.getByRole('table', { name: 'Differences' })
    await expectPage(
      differences.getByRole('row', { name: /Longest duration 1 h 1 h 30 min/ }),
    ).toBeVisible()
    await expectPage(differences.getByRole('row', { name: /Ticket Yes No/ })).toBeVisible()
    await expectPage(page.getByRole('checkbox', { name: 'Ticket required' })).toBeChecked()
    expect(await accessibilityProblems(page)).toEqual([])
    await save()
    await dialog().getByRole('button', { name: 'Save policy' }).click()
    await expectPage(page.getByText('Eligibility policy saved')).toBeVisible()
  })

  test('keeps its history field by field, and an old version comes back as a draft', async () => {
    await page.goto(`${b.teamUrl}/admin/eligibility/${policyId}?tab=history`)
    const differences = page.getByRole('table', { name: 'Differences' }).first()
    await expectPage(
      differences.getByRole('row', { name: /Longest duration 1 h 30 min 1 h/ }),
    ).toBeVisible()
    await page.getByText('Created', { exact: true }).click()
    await expectPage(page.getByText(/^TEAM users \(/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore version 2 as draft' }).click()
    await expectPage(page.getByText('Nothing is saved yet.')).toBeVisible()
    await expectPage(panel().getByText('Ticket no longer needed')).toBeVisible()
  })

  test('is found by text and by account, and the address is the filter', async () => {
    await page.goto(`${b.teamUrl}/admin/eligibility`)
    const find = page.getByRole('combobox', { name: /^Find by/ })
    await find.fill('no such name')
    await find.press('Enter')
    await expectPage(page.getByText('Nothing matches these filters.')).toBeVisible()
    expect(new URL(page.url()).searchParams.get('subject')).toBe('no such name')
    await page.getByRole('button', { name: 'Clear filters' }).last().click()
    await expectPage(page.getByRole('link', { name: 'TEAM users' })).toBeVisible()
    const { accounts } = await b.world.organization()
    const prod = accounts.find(({ name }) => name === 'payments-prod')?.accountId
    await page.goto(`${b.teamUrl}/admin/eligibility?accountId=${prod}&enabled=maybe`)
    await expectPage(page.getByText(/payments-prod \(/)).toBeVisible()
    await expectPage(page.getByRole('link', { name: 'TEAM users' })).toBeVisible()
    await expectPage.poll(() => new URL(page.url()).searchParams.get('enabled')).toBe(null)
    expect(await accessibilityProblems(page)).toEqual([])
    await page.goto(`${b.teamUrl}/admin/eligibility/${policyId}?tab=history`)
    await page.getByRole('button', { name: 'Restore version 2 as draft' }).click()
  })

  test('is deleted only when the grants that end by it were listed', async () => {
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expectPage(dialog().getByText('1 active grant will end')).toBeVisible()
    await expectPage(dialog().getByText(/ReadOnlyAccess in payments-prod/)).toBeVisible()
    await dialog().getByRole('button', { name: 'Delete policy' }).click()
    await expectPage(page.getByText('Eligibility policy deleted')).toBeVisible()
    expect((await admin.get(`/eligibility-policies/${policyId}`)).status).toBe(404)
  })
})
