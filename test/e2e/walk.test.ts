import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accessibilityProblems,
  type BrowserWorld,
  expectPage,
  openBrowserWorld,
} from './browser.ts'

describe('the walk in a browser', () => {
  let b: BrowserWorld
  let admin: Page
  let user: Page
  let approver: Page
  beforeAll(async () => {
    b = await openBrowserWorld()
  })
  afterAll(() => b.close())

  const open = async (page: Page, path: string, heading: string | RegExp) => {
    await page.goto(`${b.teamUrl}${path}`)
    await expectPage(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  }
  const choose = async (page: Page, label: string | RegExp, option: string | RegExp) => {
    await page.getByRole('button', { name: label }).click()
    await page.getByRole('option', { name: option }).first().click()
  }

  test('an administrator comes in through the access portal and sees Administration', async () => {
    admin = await b.throughPortal('test-admin')
    await expectPage(admin.getByText('Nobody can ask for access yet')).toBeVisible()
    await expectPage(admin.getByRole('heading', { level: 1 })).toHaveText('What waits for you')
    await expectPage(admin.getByRole('link', { name: 'Eligibility policies' })).toBeVisible()
  })

  test('and makes the eligibility policy', async () => {
    await open(admin, '/admin/eligibility/new', 'Create eligibility policy')
    await choose(admin, /^Group/, /TEAM users/)
    await admin.getByRole('tree').getByRole('checkbox', { name: 'Workloads', exact: true }).check()
    await admin.getByRole('button', { name: /^Permission sets/ }).click()
    await admin.getByRole('option', { name: /^ReadOnlyAccess/ }).click()
    await admin.getByRole('option', { name: /^PowerUserAccess/ }).click()
    await admin.keyboard.press('Escape')
    await admin.getByRole('button', { name: 'Save', exact: true }).click()
    await admin.getByRole('button', { name: 'Save policy' }).click()
    await expectPage(admin.getByText('Eligibility policy created')).toBeVisible()
  })

  test('and the approver policy', async () => {
    await open(admin, '/admin/approvers/new', 'Create approver policy')
    await admin.getByRole('checkbox', { name: /Every account of the organization/ }).check()
    await admin.getByRole('button', { name: /^Approver groups/ }).click()
    await admin.getByRole('option', { name: /TEAM approvers/ }).click()
    await admin.keyboard.press('Escape')
    await admin.getByRole('button', { name: 'Save', exact: true }).click()
    await admin.getByRole('button', { name: 'Save policy' }).click()
    await expectPage(admin.getByText('Approver policy created')).toBeVisible()
  })

  /** A link of a mail: the request, with its dialog open in front of it. */
  const openDialog = async (page: Page, path: string) => {
    await page.goto(`${b.teamUrl}${path}`)
    await expectPage(page.getByRole('dialog')).toBeVisible()
  }
  /** The dialog closes when the server has answered. */
  const confirm = async (page: Page, button: string | RegExp) => {
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: button }).click()
    await expectPage(dialog).toBeHidden()
  }

  const ask = async (page: Page, words: typeof english, account: RegExp, justification: string) => {
    await open(page, '/requests/new', words.title)
    await choose(page, words.account, account)
    await page.keyboard.press('Escape')
    await choose(page, words.set, /ReadOnlyAccess/)
    await page.getByRole('textbox', { name: words.hours }).fill('0')
    await page.getByRole('textbox', { name: words.minutes }).fill('1')
    await page.getByRole('textbox', { name: words.justification }).fill(justification)
    await expectPage(page.getByText(words.allowed)).toBeVisible()
    await page.getByRole('button', { name: words.send }).click()
    await expectPage(page.getByRole('heading', { level: 1 })).toContainText('ReadOnlyAccess')
    await b.pass(0)
    return page.url().split('/').pop()?.split('?')[0] ?? ''
  }

  let first: string

  test('somebody asks for one minute, with a reason that begins with 「', async () => {
    user = await b.throughPortal('test-user')
    await expectPage(user.getByRole('link', { name: 'Eligibility policies' })).toHaveCount(0)
    first = await ask(user, english, /payments-prod/, '「障害対応」のため本番ログを確認します')
    await expectPage(user.getByText('Waiting for approval').first()).toBeVisible()
    await expectPage(user.getByText('「障害対応」のため本番ログを確認します').first()).toBeVisible()
  })

  test('the mail’s link tells whoever may not decide why, and a stranger nothing', async () => {
    const link = `/requests/${first}?decide=approve`
    await user.goto(`${b.teamUrl}${link}`)
    await expectPage(user.getByText("You can't decide on this request")).toBeVisible()
    await expectPage(
      user.getByText('You asked for this, so someone else must decide'),
    ).toBeVisible()
    const auditor = await b.signedIn('test-auditor', { at: link })
    await expectPage(auditor.getByText('You are not one of its approvers.')).toBeVisible()
    expect(await accessibilityProblems(auditor)).toEqual([])
    const stranger = await b.signedIn('priya.raman', { at: link })
    const told = async () => {
      await expectPage(stranger.getByRole('heading', { level: 1 })).toHaveText(/^Not here, or not/)
      return stranger.locator('#content').innerText()
    }
    const aboutThis = await told()
    await stranger.goto(`${b.teamUrl}${link.replace(first, crypto.randomUUID())}`)
    expect(await told()).toBe(aboutThis)
    for (const page of [user, auditor, stranger]) {
      await expectPage(page.getByRole('dialog')).toHaveCount(0)
    }
  })

  test('an approver who is not signed in approves from the mail in two clicks', async () => {
    const mailbox = await b.atPortal('sam.carter')
    await mailbox.goto(`${b.sandboxUrl}/inbox`)
    const mail = mailbox.locator('article', { hasText: 'sam.carter@example.com' }).first()
    await mail.getByText('As HTML').click()
    const tab = mailbox.context().waitForEvent('page')
    await mail
      .frameLocator('iframe')
      .getByRole('link', { name: 'Open the request and decide' })
      .click()
    approver = await tab
    const dialog = approver.getByRole('dialog')
    await expectPage(dialog.getByText('「障害対応」のため本番ログを確認します')).toBeVisible()
    expect(new URL(approver.url()).pathname).toBe(`/requests/${first}`)
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await expectPage(approver.getByText(/^Approved: /)).toBeVisible()
    await b.pass(4)
    await user.goto(`${b.teamUrl}/requests/${first}`)
    for (const page of [user, approver]) {
      await expectPage(page.getByText('Active', { exact: true }).first()).toBeVisible()
    }
    expect(await accessibilityProblems(user)).toEqual([])
  })

  test('the assignment is in Identity Center, and in the portal of the one who asked', async () => {
    expect(await b.world.assignments()).toMatchObject([{ userName: 'test-user' }])
    const console = await b.visitor()
    await console.goto(`${b.sandboxUrl}/console`)
    await expectPage(console.getByText('test-user').first()).toBeVisible()
    const portal = await user.context().newPage()
    await portal.goto(`${b.sandboxUrl}/start`)
    await expectPage(portal.getByText('payments-prod')).toBeVisible()
    await portal.close()
  })

  test('when the minute is over it is gone by itself, and the open page says so', async () => {
    await open(user, `/requests/${first}`, /ReadOnlyAccess in payments-prod/)
    await b.pass(70)
    await expectPage(user.getByText('Ended', { exact: true }).first()).toBeVisible()
    expect(await b.world.assignments()).toEqual([])
  })

  test('the same in Japanese, with a reason that begins with １ and has a 𠮷; given back early', async () => {
    const japanese = await b.signedIn('test-user', {
      at: '/preferences',
      locale: 'ja-JP',
      colorScheme: 'dark',
    })
    await expectPage(japanese.locator('html')).toHaveAttribute('lang', 'ja')
    const id = await ask(
      japanese,
      inJapanese,
      /storefront-prod/,
      '１号機の再起動、𠮷野家の決済のため',
    )
    await openDialog(approver, `/requests/${id}?decide=approve`)
    await confirm(approver, 'Approve')
    await b.pass(4)
    await expectPage(japanese.getByText('利用中').first()).toBeVisible()
    await japanese.getByRole('button', { name: /返却/ }).first().click()
    await confirm(japanese, /返却/)
    await b.pass(4)
    await expectPage(japanese.getByText('終了', { exact: true }).first()).toBeVisible()
    expect(await b.world.assignments()).toEqual([])
  })

  test('the mails tell the story, with every character', async () => {
    const inbox = await b.visitor()
    await inbox.goto(`${b.sandboxUrl}/inbox`)
    await expectPage(inbox.getByText('sam.carter@example.com').first()).toBeVisible()
    const mails = await b.world.mails()
    const texts = mails.map((mail) => mail.text).join('\n')
    for (const reason of ['「障害対応」', '１号機', '𠮷野家']) expect(texts).toContain(reason)
    const asker = mails.filter((mail) => mail.to.includes('test-user@example.com'))
    expect(asker).toHaveLength(8)
  })

  test('somebody made administrator behind TEAM’s back has the menu without signing in again', async () => {
    const member = { userName: 'priya.raman', groupName: 'TEAM admins' }
    const page = await b.signedIn('priya.raman')
    const menu = page.getByRole('link', { name: 'Eligibility policies' })
    await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expectPage(menu).toHaveCount(0)

    await b.world.control('POST', 'memberships', member)
    await page.getByRole('button', { name: /Priya Raman/ }).click()
    await page.getByRole('menuitem', { name: 'Refresh my access' }).click()
    await expectPage(menu).toBeVisible()

    await b.world.control('DELETE', 'memberships', member)
    await b.pass(61)
    await page.reload()
    await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expectPage(menu).toHaveCount(0)
    const status = await page.evaluate(async () => (await fetch('/api/v1/settings')).status)
    expect(status).toBe(403)
  })

  test('nothing failed on the way', () => {
    expect(b.problems).toEqual([])
  })
})

const english = {
  title: 'Create request',
  account: /^Account/,
  set: /^Permission set/,
  hours: /Hours$/,
  minutes: /Minutes$/,
  justification: /Justification/,
  allowed: 'You can ask for this' as string,
  send: 'Send request',
}
const inJapanese: typeof english = {
  title: '申請の作成',
  account: /^アカウント/,
  set: /^許可セット/,
  hours: /: 時間$/,
  minutes: /: 分$/,
  justification: /申請理由/,
  allowed: '申請できます',
  send: '申請を送信',
}
