/** The system's Chromium on a world whose clock is driven: pages see the same time as the server. */
import { readFileSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, expect, type Page } from '@playwright/test'
import axe from 'axe-core'
import { chromiumFlags, findChromium } from '#scripts/chromium.ts'
import { root } from '#scripts/run.ts'
import type { Person } from '#test/person.ts'
import { createTeamWorld, type TeamWorld, type TeamWorldOptions } from '#test/team-world.ts'

export interface Browsers {
  /** A browser of one's own, not signed in anywhere. */
  visitor(options?: VisitorOptions): Promise<Page>
  /** The same, signed in without a screen, at one of TEAM's paths. */
  signedIn(userName: string, options?: SignedInOptions): Promise<Page>
  /** Signed in at the access portal, and not at TEAM. */
  atPortal(userName: string, options?: VisitorOptions): Promise<Page>
  /** The same, and through TEAM's tile, by clicking. */
  throughPortal(userName: string, options?: VisitorOptions): Promise<Page>
  /** Console errors, refused scripts or styles, and failed requests, of all pages so far. */
  readonly problems: string[]
}

export interface BrowserWorld extends Browsers {
  readonly world: TeamWorld
  readonly teamUrl: string
  readonly sandboxUrl: string
  /** Time passes for server, AWS and every open page. */
  pass(seconds: number): Promise<void>
  /** The same in one leap, for minutes in which nothing happens. */
  leap(seconds: number): Promise<void>
  close(): Promise<void>
}

export interface VisitorOptions {
  readonly locale?: 'en-US' | 'ja-JP'
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
}

export interface SignedInOptions extends VisitorOptions {
  /** Where the page is opened; Home if absent. */
  readonly at?: string
}

const waitMsMax = 20_000
/** Assertions that wait by themselves, with patience for a busy machine. */
export const expectPage = expect.configure({ timeout: waitMsMax })
const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

export async function openBrowserWorld(options: TeamWorldOptions = {}): Promise<BrowserWorld> {
  const world = await createTeamWorld({ ...options, webRoot: `${root}dist/web` })
  const teamUrl = world.team.url
  const sandboxUrl = world.sandbox.url
  const { setClocks, close, ...browsers } = await openBrowsers({
    teamUrl,
    sandboxUrl,
    now: () => world.now(),
    person: (userName) => world.person(userName),
  })
  return {
    ...browsers,
    world,
    teamUrl,
    sandboxUrl,
    async pass(seconds) {
      await world.pass(seconds)
      await setClocks()
    },
    async leap(seconds) {
      await world.leap(seconds)
      await setClocks()
    },
    async close() {
      await close()
      await world.close()
    },
  }
}

export interface BrowsersOf {
  readonly teamUrl: string
  readonly sandboxUrl: string
  /** The driven clock; null: pages live in real time. */
  readonly now: (() => Date) | null
  readonly person: (userName: string) => Promise<Person>
}

export async function openBrowsers(
  of: BrowsersOf,
): Promise<Browsers & { setClocks(): Promise<void>; close(): Promise<void> }> {
  const { teamUrl, sandboxUrl, now } = of
  const browser = await launch()
  const contexts: BrowserContext[] = []
  const problems: string[] = []

  async function visitor(visit: VisitorOptions = {}): Promise<Page> {
    const { locale = 'en-US', width = 1280, colorScheme = 'light' } = visit
    const context = await browser.newContext({
      locale,
      colorScheme,
      timezoneId: 'Asia/Tokyo',
      // A dialog that is on its way in costs each test that opens one.
      reducedMotion: 'reduce',
      viewport: { width, height: width < 688 ? 844 : 900 },
    })
    contexts.push(context)
    context.setDefaultTimeout(waitMsMax)
    if (now !== null) await context.clock.setFixedTime(now())
    const page = await context.newPage()
    listenForProblems(page, problems)
    return page
  }

  async function atPortal(userName: string, visit?: VisitorOptions): Promise<Page> {
    const page = await visitor(visit)
    await page.goto(`${sandboxUrl}/start`)
    await page.locator('li', { hasText: userName }).getByRole('button').click()
    return page
  }

  return {
    problems,
    visitor,
    atPortal,
    async signedIn(userName, { at = '/', ...visit } = {}) {
      const [page, person] = await Promise.all([visitor(visit), of.person(userName)])
      await page
        .context()
        .addCookies(person.allCookies().map(({ name, value }) => ({ name, value, url: teamUrl })))
      await page.goto(`${teamUrl}${at}`)
      return page
    },
    async throughPortal(userName, visit) {
      const page = await atPortal(userName, visit)
      await page.getByRole('link', { name: 'TEAM', exact: true }).click()
      await page.waitForURL(`${teamUrl}/**`)
      return page
    },
    async setClocks() {
      if (now === null) return
      await Promise.all(contexts.map((context) => context.clock.setFixedTime(now())))
    },
    close: () => browser.close(),
  }
}

function launch(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('Chromium is not installed: npm test says how')
  return chromium.launch({ executablePath, args: chromiumFlags })
}

function listenForProblems(page: Page, problems: string[]): void {
  page.on('console', (message) => {
    // Refusals that a test provokes are answers, not faults; the pages say them in words.
    const isAnswer =
      /the server responded with a status of 4\d\d/.test(message.text()) ||
      // The driven clock is a script, and the inbox shows mails in frames that allow none.
      message.text().startsWith("Blocked script execution in 'about:srcdoc'")
    if (message.type() === 'error' && !isAnswer) problems.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`))
  page.on('requestfailed', (request) => {
    // A stream or a fetch that a navigation cut off.
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return
    problems.push(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`)
  })
}

/** Rules of WCAG 2.2 A and AA that the page breaks, in words. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const violations = await page.evaluate(async (tags) => {
    // A colour on its way to another is neither of the two.
    const moving = document
      .getAnimations()
      .filter((one) => one.effect?.getTiming().iterations === 1)
    await Promise.allSettled(moving.map((one) => one.finished))
    const { axe: inPage } = window as unknown as { axe: typeof axe }
    // What holds is not sent back: on a page of tables that is most of the time it takes.
    const found = await inPage.run(document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
    })
    return found.violations.map(({ id, nodes }) => ({ id, html: nodes.map((node) => node.html) }))
  }, wcag)
  return violations.map(
    ({ id, html }) => `${page.url()} ${id}: ${html.map((one) => one.slice(0, 160)).join(' | ')}`,
  )
}

/** What the link of that name gives, as text. */
export async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name }).click(),
  ])
  return readFileSync(await file.path(), 'utf8')
}
