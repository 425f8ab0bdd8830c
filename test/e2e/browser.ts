/** The system's Chromium on a world whose clock is driven: pages see the same time as the server. */
import { type Browser, type BrowserContext, chromium, expect, type Page } from '@playwright/test'
import axe from 'axe-core'
import { chromiumFlags, findChromium } from '#scripts/chromium.ts'
import { root } from '#scripts/run.ts'
import { createTeamWorld, type TeamWorld, type TeamWorldOptions } from '#test/team-world.ts'

export interface BrowserWorld {
  readonly world: TeamWorld
  readonly teamUrl: string
  readonly sandboxUrl: string
  /** A browser of one's own, not signed in anywhere. */
  visitor(options?: VisitorOptions): Promise<Page>
  /** The same, signed in without a screen, at one of TEAM's paths. */
  signedIn(userName: string, options?: SignedInOptions): Promise<Page>
  /** Signed in at the access portal, and not at TEAM. */
  atPortal(userName: string, options?: VisitorOptions): Promise<Page>
  /** The same, and through TEAM's tile, by clicking. */
  throughPortal(userName: string, options?: VisitorOptions): Promise<Page>
  /** Time passes for server, AWS and every open page. */
  pass(seconds: number): Promise<void>
  /** The same in one leap, for minutes in which nothing happens. */
  leap(seconds: number): Promise<void>
  /** Console errors, refused scripts or styles, and failed requests, of all pages so far. */
  readonly problems: string[]
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
  const browser = await launch()
  const contexts: BrowserContext[] = []
  const problems: string[] = []
  const teamUrl = world.team.url
  const sandboxUrl = world.sandbox.url

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
    await context.clock.setFixedTime(world.now())
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

  const setClocks = () =>
    Promise.all(contexts.map((context) => context.clock.setFixedTime(world.now())))

  return {
    world,
    teamUrl,
    sandboxUrl,
    problems,
    visitor,
    atPortal,
    async signedIn(userName, { at = '/', ...visit } = {}) {
      const [page, person] = await Promise.all([visitor(visit), world.person(userName)])
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
    async pass(seconds) {
      await world.pass(seconds)
      await setClocks()
    },
    async leap(seconds) {
      await world.leap(seconds)
      await setClocks()
    },
    async close() {
      await browser.close()
      await world.close()
    },
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
