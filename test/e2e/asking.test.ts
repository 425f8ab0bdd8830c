/** Asking for several targets, favourites, asking again in two clicks, and deciding together. */
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { everywhere } from '#test/api/scene.ts'
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
let admin: Person
let policyId: string
beforeAll(async () => {
  b = await openBrowserWorld()
  admin = await b.world.person('test-admin')
  const { groups } = await b.world.organization()
  const group = (name: string) => groups.find((one) => one.displayName === name)?.groupId
  const subject = { type: 'group', id: group('TEAM users') }
  for (const [permissionSets, maxDurationMinutes] of [
    [['ReadOnlyAccess', 'PowerUser*'], 240],
    [['AdministratorAccess'], 60],
  ]) {
    const made = await admin.post<{ id: string }>('/eligibility-policies', {
      subject,
      targets: everywhere,
      permissionSets,
      maxDurationMinutes,
    })
    policyId = made.body.id
  }
  await admin.post('/approver-policies', {
    targets: everywhere,
    approverGroups: [group('TEAM approvers')],
  })
  const { headers } = await admin.get('/settings')
  await admin.call(
    'PATCH',
    '/settings',
    {
      ticketPattern: 'OPS-\\d+',
      ticketExample: 'OPS-1234',
      ticketUrlTemplate: 'https://tracker.example.com/browse/{ticket}',
    },
    { 'if-match': headers.get('etag') ?? '' },
  )
  // Until TEAM has read what permission sets allow, one a second.
  await b.pass(10)
  user = await b.signedIn('test-user', { at: '/requests/new' })
  approver = await b.signedIn('sam.carter', { at: '/approvals' })
})
afterAll(() => b.close())

const heading = (page: Page) => page.getByRole('heading', { level: 1 })
const open = async (page: Page, path: string, title: string | RegExp) => {
  await page.goto(`${b.teamUrl}${path}`)
  await expectPage(heading(page)).toHaveText(title)
}
const addAccounts = async (page: Page, label: RegExp, names: readonly string[]) => {
  await page.getByRole('button', { name: label }).click()
  for (const name of names) {
    await page
      .getByRole('option', { name: new RegExp(name) })
      .first()
      .click()
  }
  await page.keyboard.press('Escape')
}
const chooseSet = async (page: Page, label: string, set: RegExp) => {
  await page.getByRole('button', { name: new RegExp(`^${label}`) }).click()
  await page.getByRole('option', { name: set }).first().click()
}
const idIn = (page: Page) => page.url().split('/').pop()?.split('?')[0] ?? ''

let submissionId: string

test('several accounts at once make a row each, with the set of the row above', async () => {
  await addAccounts(user, /^Accounts/, ['payments-prod', 'storefront-prod'])
  await chooseSet(user, 'Permission set in payments-prod', /ReadOnlyAccess/)
  await chooseSet(user, 'Permission set in storefront-prod', /AdministratorAccess/)
  await addAccounts(user, /^Accounts/, ['payments-dev'])
  await expectPage(
    user.getByRole('button', { name: /^Permission set in payments-dev/ }),
  ).toContainText('AdministratorAccess')
  await chooseSet(user, 'Permission set in payments-dev', /PowerUserAccess/)
  expect(new URL(user.url()).searchParams.getAll('target')).toHaveLength(3)
  await expectPage(user.getByText('Up to 1 h (storefront-prod)')).toBeVisible()
  await expectPage(user.getByText('You can ask for this')).toHaveCount(3)
  await expectPage(user.getByText(/^Approvers: /).first()).toBeVisible()
  expect(await accessibilityProblems(user)).toEqual([])
})

test('the ticket is judged while it is typed, and the first wrong field takes the focus', async () => {
  const ticket = user.getByRole('textbox', { name: /Ticket number/ })
  await expectPage(user.getByText('For example OPS-1234')).toBeVisible()
  await ticket.fill('OPS-x')
  await expectPage(user.getByText('Enter a ticket number such as OPS-1234')).toBeVisible()
  await ticket.fill('OPS-42')
  await expectPage(user.getByText('Enter a ticket number such as OPS-1234')).toHaveCount(0)
  await user.getByRole('button', { name: 'Send request' }).click()
  const justification = user.getByRole('textbox', { name: /Justification/ })
  await expectPage(justification).toBeFocused()
  await justification.fill('「障害対応」三つの環境を確認します')
})

test('a favourite keeps all but the ticket', async () => {
  await user.getByRole('button', { name: 'Save as favourite' }).click()
  const dialog = user.getByRole('dialog')
  await dialog.getByRole('textbox', { name: /Name/ }).fill('当番: 三つの環境')
  expect(await accessibilityProblems(user)).toEqual([])
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await expectPage(dialog).toBeHidden()
})

test('a form that is refused keeps all that was typed, and says what was not done', async () => {
  const justification = user.getByRole('textbox', { name: /Justification/ })
  const words = await justification.inputValue()
  const expectAsked = async (text: string) => {
    await expectPage(justification).toHaveValue(text)
    await expectPage(user.getByRole('textbox', { name: /Ticket number/ })).toHaveValue('OPS-42')
    expect(new URL(user.url()).searchParams.getAll('target')).toHaveLength(3)
  }
  const cyrillic = 'P\u0430yments are slow'
  await justification.fill(cyrillic)
  await justification.press('Control+Enter')
  await expectPage(user.getByText('A word mixes scripts')).toBeVisible()
  await expectPage(user.getByText('Correct what is marked, then try again.')).toBeVisible()
  await expectAsked(cyrillic)
  await justification.fill(words)

  const page = await b.signedIn('test-admin', { at: `/admin/eligibility/${policyId}` })
  const settings = await b.signedIn('test-admin', { at: '/admin/settings' })
  const tokens = await b.signedIn('test-user', { at: '/tokens' })
  const note = page.getByRole('textbox', { name: /Note/ })
  await note.fill('変更の理由')
  const example = settings.getByRole('textbox', { name: /Example/ })
  await example.fill('OPS-9')
  await tokens.getByRole('button', { name: 'Create token' }).first().click()
  const token = tokens.getByRole('dialog')
  await token.getByRole('textbox', { name: 'Name' }).fill('Nightly report')
  await token.getByRole('button', { name: /Scopes/ }).click()
  await tokens.getByRole('option', { name: /me:read/ }).click()
  await tokens.keyboard.press('Escape')

  await b.leap(61)
  const operations = ['DescribeUser', 'ListGroupMembershipsForMember']
  for (const operation of operations) {
    addFault(b.world.sandbox.world, { operation, error: 'InternalServerException' })
  }
  await justification.press('Control+Enter')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Save policy' }).click()
  await example.press('Control+Enter')
  await token.getByRole('button', { name: 'Create token' }).click()
  for (const one of [user, page, settings, tokens]) {
    await expectPage(one.getByText('Nothing was changed', { exact: true })).toBeVisible()
    await expectPage(one.getByText(/AWS could not be asked just now/)).toBeVisible()
  }
  expect(await accessibilityProblems(settings)).toEqual([])
  await expectAsked(words)
  await expectPage(note).toHaveValue('変更の理由')
  await expectPage(example).toHaveValue('OPS-9')
  await expectPage(token.getByRole('textbox', { name: 'Name' })).toHaveValue('Nightly report')
  await expectPage(token.getByRole('button', { name: /me:read/ })).toBeVisible()
  for (const id of [...b.world.sandbox.world.state.faults.keys()]) {
    b.world.sandbox.world.commit({ type: 'fault-removed', id })
  }
})

test('Ctrl+Enter sends all of them, and their page shows each with its ticket as a link', async () => {
  await user.getByRole('textbox', { name: /Justification/ }).press('Control+Enter')
  await expectPage(heading(user)).toHaveText(/^3 targets for/)
  submissionId = idIn(user)
  await expectPage(user.getByText('Waiting for approval')).toHaveCount(3)
  const link = user.getByRole('link', { name: /OPS-42/ })
  await expectPage(link).toHaveAttribute('href', 'https://tracker.example.com/browse/OPS-42')
  await expectPage(link).toHaveAttribute('rel', /noopener/)
  expect(await accessibilityProblems(user)).toEqual([])
})

test('one that waits already blocks all, and is removed by a button', async () => {
  const { accounts, permissionSets } = await b.world.organization()
  const target = (account: string) => {
    const { accountId } = accounts.find((one) => one.name === account) ?? { accountId: '' }
    const set = permissionSets.find((one) => one.name === 'ReadOnlyAccess')?.arn ?? ''
    return `target=${accountId}~${encodeURIComponent(set)}`
  }
  const query = `${target('payments-prod')}&${target('storefront-dev')}`
  await open(user, `/requests/new?${query}`, 'Create request')
  await expectPage(user.getByText(/^All or none: one target is refused/)).toBeVisible()
  await expectPage(user.getByText('You already have a request waiting for this')).toBeVisible()
  expect(await accessibilityProblems(user)).toEqual([])
  await user.getByRole('button', { name: /^Remove ReadOnlyAccess in payments-prod/ }).click()
  await expectPage(user.getByText(/^All or none/)).toHaveCount(0)
  expect(new URL(user.url()).searchParams.getAll('target')).toHaveLength(1)
})

test('the queue holds them together, with hints, and earlier requests beside it', async () => {
  await open(approver, '/approvals', /^Approve requests/)
  await expectPage(approver.getByRole('button', { name: /^Hide each of 3 targets/ })).toBeVisible()
  await expectPage(approver.getByText('First time').first()).toBeVisible()
  await expectPage(approver.getByText('Administrator level').first()).toBeVisible()
  await approver.getByRole('button', { name: /^Look at ReadOnlyAccess/ }).click()
  await expectPage(approver.getByText(/never asked for this before/)).toBeVisible()
  await expectPage(approver.getByText('Policies of AWS: ReadOnlyAccess')).toBeVisible()
  expect(new URL(approver.url()).searchParams.get('open')).not.toBe(null)
  expect(await accessibilityProblems(approver)).toEqual([])
  await approver.getByRole('button', { name: 'Close the panel' }).click()
  await expectPage(approver.getByText(/never asked for this before/)).toHaveCount(0)
})

test('what reaches administrator level is approved by a tick of its own; each has its result', async () => {
  await open(approver, `/submissions/${submissionId}`, /^3 targets for/)
  await approver.getByRole('button', { name: 'Approve all 3' }).click()
  const dialog = approver.getByRole('dialog')
  await expectPage(dialog.getByRole('checkbox', { name: /ReadOnlyAccess/ })).toBeChecked()
  const high = dialog.getByRole('checkbox', { name: /AdministratorAccess/ })
  await expectPage(high).not.toBeChecked()
  expect(await accessibilityProblems(approver)).toEqual([])
  await high.check()
  await dialog.getByRole('button', { name: 'Approve 3', exact: true }).click()
  await expectPage(approver.getByText('3 approved')).toBeVisible()
  await approver.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await b.pass(6)
  await open(user, `/submissions/${submissionId}`, /^3 targets for/)
  await expectPage(user.getByText('Active', { exact: true })).toHaveCount(3)
  expect(await b.world.assignments()).toHaveLength(3)
})

test('asking again is two clicks from home', async () => {
  await open(user, '/', /What waits for you|Nothing waits/)
  let clicks = 0
  const click = async (page: Page, name: string | RegExp) => {
    clicks += 1
    await page.getByRole('button', { name }).first().click()
  }
  await click(user, 'Ask again for ReadOnlyAccess in payments-prod')
  const dialog = user.getByRole('dialog')
  const words = dialog.getByRole('textbox', { name: /Justification/ })
  await expectPage(words).toHaveValue('「障害対応」三つの環境を確認します')
  await expectPage(dialog.getByText(/people must approve/)).toBeVisible()
  const selected = await words.evaluate((field) => {
    const { selectionStart, selectionEnd, value } = field as HTMLTextAreaElement
    return selectionStart === 0 && selectionEnd === value.length
  })
  expect(selected).toBe(true)
  expect(await accessibilityProblems(user)).toEqual([])
  await click(user, 'Send request')
  await expectPage(dialog).toBeHidden()
  expect(clicks).toBe(2)
  await expectPage(user.getByText('Waiting for approval').first()).toBeVisible()
})

test('in Japanese, on a phone and in the dark: a favourite asks for all three again', async () => {
  const japanese = await b.signedIn('test-user', {
    locale: 'ja-JP',
    width: 390,
    colorScheme: 'dark',
  })
  await expectPage(heading(japanese)).toHaveText(/対応が必要な項目/)
  await japanese
    .getByRole('button', { name: /当番: 三つの環境 .*再申請|再申請.*当番: 三つの環境/ })
    .click()
  const dialog = japanese.getByRole('dialog')
  await expectPage(dialog.getByText('申請できません')).toBeVisible()
  expect(await accessibilityProblems(japanese)).toEqual([])
  const asked = await japanese.evaluate(async () => {
    const answer = await fetch('/api/v1/requests?status=pending')
    return ((await answer.json()) as { items: { id: string }[] }).items.map(({ id }) => id)
  })
  expect(asked).toHaveLength(1)
  await open(approver, `/requests/${asked[0]}?decide=reject`, /ReadOnlyAccess/)
  await approver.getByRole('dialog').getByRole('button', { name: 'Reject' }).click()
  await expectPage(approver.getByRole('dialog')).toBeHidden()
  await expectPage(dialog.getByText('申請できません')).toHaveCount(0)
  await dialog.getByRole('textbox', { name: /申請理由/ }).fill('𠮷野家の決済、１号機')
  await dialog.getByRole('button', { name: '申請を送信' }).click()
  await expectPage(dialog).toBeHidden()
  await expectPage(japanese.getByText('承認待ち')).toHaveCount(3)
  expect(await accessibilityProblems(japanese)).toEqual([])
})

test('several are rejected at once from the queue, and who was first is named', async () => {
  const page = await b.signedIn('sam.carter', { at: '/approvals', locale: 'ja-JP' })
  await expectPage(heading(page)).toHaveText(/^申請の承認/)
  await page.getByRole('button', { name: /3 件すべて却下/ }).click()
  const dialog = page.getByRole('dialog')
  await expectPage(dialog.getByRole('checkbox', { name: /AdministratorAccess/ })).toBeChecked()
  const { body } = await admin.get<{ items: { id: string }[] }>('/requests?view=all&status=pending')
  const other: Person = await b.world.person('naoko.mori')
  await other.post(`/requests/${body.items[0]?.id}/approve`)
  await dialog.getByRole('button', { name: '3 件を却下' }).click()
  await expectPage(page.getByText(/2 件を却下、1 件は .*さんが対応済み/)).toBeVisible()
  expect(await accessibilityProblems(page)).toEqual([])
})

test('nothing failed on the way', () => {
  // The refusals above are answers.
  expect(b.problems.filter((problem) => !problem.includes('status of 503'))).toEqual([])
})
