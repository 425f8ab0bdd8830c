/**
 * Every page once, each in another combination of language, theme, width and role, so that any two
 * of these meet; TEST_FULL=1 visits every combination.
 */
import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '#scripts/run.ts'
import { en, type StringKey } from '../../web/strings/en.ts'
import { ja } from '../../web/strings/ja.ts'
import {
  accessibilityProblems,
  type BrowserWorld,
  download,
  expectPage,
  openBrowserWorld,
} from './browser.ts'
import { liveALittle, type Places } from './lived.ts'
import { type Look, looks, pairsOf, pairwise } from './pairwise.ts'
import { userOf, type Visit, visits } from './visits.ts'

let b: BrowserWorld
let places: Places
beforeAll(async () => {
  b = await openBrowserWorld()
  places = await liveALittle(b)
}, 120_000)
afterAll(() => b.close())

// The addresses have no ids yet; who may visit them is known.
const nowhere = new Proxy({} as Places, { get: () => 'id' })
const plan = process.env.TEST_FULL
  ? visits(nowhere).flatMap((visit) =>
      looks.filter(({ role }) => visit.roles.includes(role)).map((look) => ({ visit, look })),
    )
  : pairwise(visits(nowhere))

/** One browser for each person and language: what it has read once, it need not read again. */
const pages = new Map<string, Promise<Page>>()
function pageFor({ role, locale }: Look): Promise<Page> {
  const known = pages.get(`${role} ${locale}`)
  const page = known ?? b.signedIn(userOf[role], { at: '/preferences', locale })
  pages.set(`${role} ${locale}`, page)
  return page
}

const worded = (text: Visit['heading'], look: Look): string => {
  if (typeof text === 'string') return text
  const words: Readonly<Record<StringKey, string>> = look.locale === 'ja-JP' ? ja : en
  return words[text.key].split('{')[0]?.trim() ?? ''
}

async function arrive({ heading, shows, path }: Visit, look: Look): Promise<Page> {
  const page = await pageFor(look)
  await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: look.width, height: look.width === 390 ? 844 : 900 })
  await page.goto(`${b.teamUrl}${path}`)
  await expectPage(page.getByRole('heading', { level: 1 })).toContainText(worded(heading, look))
  await expectPage(
    page.locator('#content').getByText(worded(shows, look)).filter({ visible: true }).first(),
  ).toBeVisible()
  await expectPage(page.locator('[class*="awsui_skeleton"]')).toHaveCount(0)
  await expectPage(page.locator('html')).toHaveAttribute('lang', look.locale.slice(0, 2))
  return page
}

/** How far the page, or a table on it, can be scrolled sideways when it is so wide. */
async function overflowAt(page: Page, width: number): Promise<number> {
  await page.setViewportSize({ width, height: 844 })
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const overflow = () => {
          const tables = [...document.querySelectorAll('table')].map((one) => one.parentElement)
          const wide = [document.documentElement, ...tables].filter((one) => one !== null)
          resolve(Math.max(...wide.map((one) => one.scrollWidth - one.clientWidth)))
        }
        requestAnimationFrame(() => requestAnimationFrame(overflow))
      }),
  )
}

describe('every page', () => {
  test.each(
    plan.map(({ visit, look }) => ({
      name: visit.name,
      look,
      as: Object.values(look).join(', '),
    })),
  )('$name: $as', async ({ name, look }) => {
    const visit = visits(places).find((one) => one.name === name)
    if (visit === undefined) throw new Error(`No visit is called ${name}`)
    const page = await arrive(visit, look)
    expect(await page.locator('h1').count()).toBe(1)
    const isDark = await page.evaluate(() => document.querySelector('.awsui-dark-mode') !== null)
    expect(isDark).toBe(look.colorScheme === 'dark')
    expect(await accessibilityProblems(page)).toEqual([])
    for (const width of [1280, 390, 320]) {
      await expectPage.poll(() => overflowAt(page, width), `at ${width}`).toBeLessThanOrEqual(0)
    }
    const pagesOfOne = page.getByRole('list', { name: worded({ key: 'list.pages' }, look) })
    expect(await pagesOfOne.count(), 'ways to turn the one page of a narrow list').toBe(0)
  })
})

test('any two of language, theme, width and role meet on some page', () => {
  const met = new Set(plan.flatMap(({ look }) => pairsOf(look)))
  expect(looks.flatMap(pairsOf).filter((pair) => !met.has(pair))).toEqual([])
})

test('no page is left out', () => {
  const source = readFileSync(`${root}web/routes.tsx`, 'utf8')
  const patterns = [...source.matchAll(/pattern: \/(.+)\/,/g)].map(([, one = '']) => RegExp(one))
  const paths = visits(places).map(({ path }) => path.split('?')[0] ?? '')
  expect(patterns.length).toBeGreaterThan(20)
  expect(patterns.filter((one) => !paths.some((path) => one.test(path)))).toEqual([])
})

describe('ended access, and what was decided,', () => {
  const english = { locale: 'en-US', colorScheme: 'light', width: 1280 } as const
  async function open(role: Look['role'], path: string): Promise<Page> {
    const page = await pageFor({ ...english, role })
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.goto(`${b.teamUrl}${path}`)
    return page
  }
  const rowsOf = (page: Page) => page.locator('tbody tr')

  test('begins with one’s own, or with all for whoever may see all', async () => {
    const approver = await open('approver', '/access/ended')
    await expectPage(approver.getByText('No temporary access of yours has ended yet')).toBeVisible()
    await approver.getByRole('button', { name: 'I decide' }).click()
    await expectPage(approver).toHaveURL(/scope=decide/)
    await expectPage(rowsOf(approver)).toContainText(['storefront-dev'])
    await approver.getByRole('button', { name: 'Mine' }).click()
    await expectPage(rowsOf(approver)).toHaveCount(1)
    await expectPage(rowsOf(approver)).toContainText('of yours')

    const auditor = await open('auditor', '/access/ended')
    await expectPage(rowsOf(auditor)).toContainText(['storefront-dev'])
    await expectPage(auditor.getByRole('button', { name: 'I decide' })).toHaveCount(0)

    const requester = await open('requester', '/access/ended?scope=all')
    await expectPage(rowsOf(requester)).toContainText(['storefront-dev'])
    await expectPage(requester.getByRole('button', { name: 'All', exact: true })).toHaveCount(0)
  })

  test('are taken as CSV, as they are filtered', async () => {
    const approver = await open('approver', '/access/ended?scope=decide')
    await expectPage(rowsOf(approver)).toContainText(['storefront-dev'])
    const ended = await download(approver, 'Export this view as CSV')
    expect(ended).toContain('Check why the nightly job stopped')
    expect(ended).not.toContain('Try something out')

    await open('approver', '/approvals?tab=decided&status=rejected')
    await expectPage(rowsOf(approver)).toContainText(['Try something out'])
    const decided = await download(approver, 'Export this view as CSV')
    expect(decided).toContain('Try something out')
    expect(decided).not.toContain('Check why the nightly job stopped')
  })
})

test('nothing failed on the way', () => {
  expect(b.problems).toEqual([])
})
