/**
 * Pictures of what reaches people: mails as SES took them, a message as Slack's stand-in holds it,
 * before and after the decision, and the session log. The mails' HTML is shown as it is; Slack's
 * blocks are drawn here, with the words and buttons that are in them, because Slack itself is not.
 */
import type { Page } from '@playwright/test'
import { trailPlaces } from '#sandbox/trail/trail.ts'
import type { BrowserWorld } from '#test/e2e/browser.ts'
import type { SlackPost, SlackStandIn } from '#test/slack-stand-in.ts'
import { slackSigningSecret, slackToken } from '#test/slack-stand-in.ts'
import type { Mail, TeamWorld } from '#test/team-world.ts'

const mailWidth = 680
const phoneWidth = 390
const slackWidth = 640

export async function turnOnChannels(world: TeamWorld, slack: SlackStandIn): Promise<void> {
  const { users } = await world.organization()
  for (const { userName } of users) {
    slack.join({ id: `U-${userName}`, email: `${userName}@example.com` })
  }
  const admin = await world.person('test-admin')
  await admin.call('PATCH', '/settings', {
    slackEnabled: true,
    slackToken,
    slackSigningSecret,
    sessionLogSource: 'cloudwatch_logs',
    sessionLogLocation: trailPlaces(world.sandbox.world.state.organisation).logGroupArn,
  })
  await chooseLanguages(world)
}

const languages = { 'naoko.mori': 'ja', 'sam.carter': 'en', 'test-user': 'en' }

/** For what is sent. */
export async function chooseLanguages(world: TeamWorld): Promise<void> {
  for (const [name, locale] of Object.entries(languages)) {
    const person = await world.person(name)
    await person.call('PATCH', '/me/preferences', { locale, timeZone: 'Asia/Tokyo' })
  }
}

/** For pages, each of which is pictured in the language of its browser. */
export async function followBrowsers(world: TeamWorld): Promise<void> {
  for (const name of Object.keys(languages)) {
    const person = await world.person(name)
    await person.call('PATCH', '/me/preferences', { locale: null, timeZone: null })
  }
}

export async function takeNotices(
  b: BrowserWorld,
  about: { readonly slack: SlackStandIn; readonly folder: string; readonly active: string },
): Promise<void> {
  const save = async (page: Page, name: string) => {
    await page.screenshot({ path: `${about.folder}/${name}.png`, fullPage: true })
    await page.context().close()
    console.log(`${name}.png`)
  }
  const mails = await b.world.mails()
  const show = async (name: string, html: string, width: number) => {
    const page = await b.visitor({ width })
    await page.setViewportSize({ width, height: 400 })
    await page.setContent(html)
    await save(page, name)
  }
  const active = '決済エラー'
  const asked = mailTo(mails, 'sam.carter', /^Approval needed/, active)
  await show('mail-approval', asked.html, mailWidth)
  await show('mail-approval-ja', mailTo(mails, 'naoko.mori', /承認/, active).html, mailWidth)
  await show(
    'mail-active-390',
    mailTo(mails, 'test-user', /^Access is active/, active).html,
    phoneWidth,
  )

  const isFirst = ({ channel, threadTs, text }: SlackPost) =>
    channel === 'DU-sam.carter' && threadTs === null && text.includes('Priya')
  const before = about.slack.posts.find(isFirst)
  if (!before) throw new Error('Slack has no message that asks sam.carter about Priya')
  await show('slack-before', drawn([before]), slackWidth)
  const { noticeId } = before
  const sam = await b.world.person('sam.carter')
  const requestId = JSON.stringify(before.blocks).match(/requests\/([0-9a-f-]{36})/)?.[1] ?? ''
  await sam.post(`/requests/${requestId}/approve`, { comment: 'Go ahead' })
  await b.world.pass(20)
  const after = about.slack.posts.filter(
    (post) => post.noticeId === noticeId || post.threadTs === before.ts,
  )
  await show('slack-after', drawn(after.slice(0, 2)), slackWidth)
  await takeSessionLog(b, about.active, save)
}

function mailTo(mails: readonly Mail[], name: string, subject: RegExp, words: string): Mail {
  const found = mails.find(
    ({ to, text, subject: said }) =>
      to[0] === `${name}@example.com` && subject.test(said) && text.includes(words),
  )
  if (!found) throw new Error(`${name} got no mail like ${subject}`)
  return found
}

async function takeSessionLog(
  b: BrowserWorld,
  requestId: string,
  save: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const page = await b.signedIn('test-user')
  // Contexts of earlier pictures are closed: time passes for the server and this page alone.
  const pass = async (seconds: number) => {
    await b.world.pass(seconds)
    await page.context().clock.setFixedTime(b.world.now())
  }
  await page.goto(`${b.sandboxUrl}/start`)
  const held = page
    .locator('tr', { hasText: 'payments-prod' })
    .filter({ hasText: 'ReadOnlyAccess' })
  await held.getByRole('link', { name: 'Management console' }).click()
  for (const action of ['List S3 buckets', 'Stop an EC2 instance', 'Stop the trail']) {
    await page.getByRole('button', { name: action }).click()
    await page.getByRole('status').waitFor()
  }
  await pass(10)
  await page.goto(`${b.teamUrl}/requests/${requestId}?tab=session-log`)
  await page.getByRole('button', { name: 'Read session log' }).click()
  const table = page.getByRole('grid', { name: 'Session log' })
  for (let tries = 0; tries < 20 && !(await table.isVisible()); tries += 1) {
    await pass(1)
    await table.waitFor({ timeout: 2_000 }).catch(() => undefined)
  }
  await table.getByRole('rowheader').first().waitFor()
  await save(page, 'session-log')
}

interface Element {
  readonly type?: string
  readonly text?: string | { readonly text: string }
  readonly style?: string
}

/** What of Block Kit TEAM uses, in Slack's looks. */
function drawn(posts: readonly SlackPost[]): string {
  return `<!doctype html><meta charset="utf-8"><style>
    body { font: 15px/1.47 Lato, "Noto Sans CJK JP", sans-serif; color: #1d1c1d; margin: 20px }
    article { display: flex; gap: 10px; margin-bottom: 20px } article + article { margin-left: 46px }
    .icon { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #0f4c81; color: #fff;
      font: 700 13px/36px sans-serif; text-align: center }
    .name { font-weight: 900 } .app { background: #eee; font-size: 10px; padding: 1px 3px; border-radius: 2px }
    section { margin: 6px 0; white-space: pre-wrap } blockquote { border-left: 4px solid #ddd; margin: 4px 0; padding-left: 10px }
    a { color: #1264a3; text-decoration: none } .note { color: #616061; font-size: 12px }
    .input { border: 1px solid #868686; border-radius: 4px; height: 60px; margin: 4px 0 10px }
    button { font: 700 13px sans-serif; padding: 6px 12px; border-radius: 4px; border: 1px solid #bbb; background: #fff; margin-right: 8px }
    .primary { background: #007a5a; color: #fff } .danger { background: #e01e5a; color: #fff }
  </style>${posts.map(article).join('')}`
}

function article({ blocks }: SlackPost): string {
  const head = '<span class="name">TEAM</span> <span class="app">APP</span>'
  return `<article><div class="icon">T</div><div>${head}${blocks.map(blockOf).join('')}</div></article>`
}

function blockOf(block: {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly label?: { readonly text: string }
  readonly elements?: readonly Element[]
}): string {
  if (block.type === 'input') return `<label>${block.label?.text}</label><div class="input"></div>`
  if (block.type === 'section') return `<section>${markedUp(block.text?.text ?? '')}</section>`
  const elements = block.elements ?? []
  if (block.type === 'actions') return `<p>${elements.map(button).join('')}</p>`
  return `<p class="note">${elements.map((one) => textOf(one)).join(' ')}</p>`
}

const button = (one: Element) => `<button class="${one.style ?? ''}">${textOf(one)}</button>`
const textOf = ({ text = '' }: Element) => (typeof text === 'string' ? text : text.text)

/** Slack's text comes with its own escapes already. */
function markedUp(text: string): string {
  return text
    .replace(/<(https?:[^|>]+)\|([^>]+)>/g, '<a href="$1">$2</a>')
    .replace(/\*([^*\n]+)\*/g, '<b>$1</b>')
    .replace(/(^|\n)&gt; (.*)/g, '<blockquote>$2</blockquote>')
    .replace(/(^|\n)> (.*)/g, '<blockquote>$2</blockquote>')
}
