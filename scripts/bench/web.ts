/**
 * Every page in a browser, in a company of the size that TEAM is built for: what a first visit
 * loads, the longest task, what moves under the reader, and how searches answer as one types.
 */
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { createTeamWorld, type TeamWorld } from '#test/team-world.ts'
import { firstLoadBytesMax, routeBytesMax } from '../../web/bundle-size.ts'
import { chromiumFlags, chromiumOrInstall } from '../chromium.ts'
import { root } from '../run.ts'
import { buildWebIfStale } from '../web-build.ts'
import { fill, letIn, requesterNames, sizeOf } from './company/company.ts'
import { loadNow, type Print, round } from './figures.ts'
import { type Typed, type, visit } from './page-figures.ts'

const taskMsMax = 200
const layoutShiftMax = 0.02
const smallPast = ['requests=20000', 'events=20000', 'pending=500']

interface Shown {
  readonly who: Person
  readonly path: string
}

export async function web(
  cluster: TestClusterAddress,
  print: Print,
  cases: readonly string[],
): Promise<void> {
  await Promise.all([chromiumOrInstall(), buildWebIfStale()])
  const world = await createTeamWorld({
    cluster,
    size: 'large',
    shape: letIn,
    webRoot: `${root}dist/web`,
  })
  const browser = await chromium.launch({
    executablePath: await chromiumOrInstall(),
    args: chromiumFlags,
  })
  try {
    const admin = await world.person('test-admin')
    const company = { installation: world, people: { admin } }
    await fill(company, sizeOf([...smallPast, ...cases]), print)
    await measure({ world, admin }, browser, print)
  } finally {
    await browser.close()
    await world.close()
  }
}

interface Large {
  readonly world: TeamWorld
  readonly admin: Person
}

async function measure(large: Large, browser: Browser, print: Print): Promise<void> {
  const pages = await pagesOf(large)
  const over: string[] = []
  const judge = (what: string, value: number, max: number) => {
    if (value > max) over.push(`${what}: ${round(value)}, at most ${max}`)
  }
  let first = new Map<string, number>()
  for (const { who, path } of pages) {
    const context = await signedIn(browser, large, who)
    const [page, seen] = await visit(context, large.world.team.url + path)
    if (path === '/') first = new Map([...first, ...seen.scripts])
    const loaded = kilobytes(seen.scripts)
    const added = kilobytes(new Map([...seen.scripts].filter(([name]) => !first.has(name))))
    const { scripts, ...figures } = seen
    print({
      page: path,
      scripts: scripts.size,
      loadedKb: loaded,
      addedKb: added,
      ...rounded(figures),
    })
    if (path === '/') judge(`${path} loads kB`, loaded, firstLoadBytesMax / 1024)
    judge(`${path} adds kB`, added, routeBytesMax / 1024)
    judge(`${path} longest task ms`, seen.longestTaskCpuMs, taskMsMax)
    judge(`${path} layout shift`, seen.layoutShift, layoutShiftMax)
    for (const search of searches.filter((one) => one.path === path)) {
      const typed = await search.type(page)
      print({ search: search.name, ...rounded(typed) })
      judge(`${search.name} longest task ms`, typed.longestTaskCpuMs, taskMsMax)
    }
    await context.close()
  }
  print({ summary: 'web', pages: pages.length, over, load: loadNow() })
}

const rounded = (figures: object) =>
  Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, round(value as number, 3)]),
  )

function kilobytes(scripts: ReadonlyMap<string, number>): number {
  return round([...scripts.values()].reduce((sum, bytes) => sum + bytes, 0) / 1024, 1)
}

async function signedIn(browser: Browser, { world }: Large, who: Person): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const cookies = who.allCookies().map((one) => ({ ...one, url: world.team.url }))
  await context.addCookies(cookies)
  return context
}

/** What each of these people opens; who reads everything has the longest lists. */
async function pagesOf({ world, admin }: Large): Promise<Shown[]> {
  const [requesterName = ''] = requesterNames
  const requester = await world.person(requesterName)
  const approver = await world.person('sam.carter')
  const idAt = async (path: string) => {
    const { body } = await admin.get<{ items: readonly { id: string }[] }>(`${path}limit=1`)
    return body.items[0]?.id ?? ''
  }
  const [request, eligibility, approverPolicy] = await Promise.all([
    idAt('/requests?view=all&'),
    idAt('/eligibility-policies?'),
    idAt('/approver-policies?'),
  ])
  const { accounts, users } = world.sandbox.world.state
  const [accountId = ''] = [...accounts.keys()].slice(-1)
  const [userId = ''] = users.keys()
  const of = (who: Person, ...paths: readonly string[]) => paths.map((path) => ({ who, path }))
  return [
    ...of(requester, '/', '/requests/new', '/requests', '/access/active', '/access/ended'),
    ...of(requester, '/preferences', '/tokens'),
    ...of(approver, '/', '/approvals', '/approvals?tab=decided', '/approvals?tab=review'),
    ...of(admin, '/', '/requests/new', `/requests/${request}`, `/requests/${request}?tab=who`),
    ...of(admin, '/audit/requests', '/audit/events', '/audit/usage', '/audit/records'),
    ...of(admin, `/explore?account=${accountId}`, `/explore?user=${userId}`),
    ...of(
      admin,
      '/admin/eligibility',
      '/admin/eligibility/new',
      `/admin/eligibility/${eligibility}`,
    ),
    ...of(admin, '/admin/approvers', '/admin/approvers/new', `/admin/approvers/${approverPolicy}`),
    ...of(admin, '/admin/proposals', '/admin/settings', '/admin/directory', '/admin/health'),
  ]
}

interface Search {
  readonly name: string
  readonly path: string
  readonly type: (page: Page) => Promise<Typed>
}

const searches: readonly Search[] = [
  {
    name: 'accounts of a new request',
    path: '/requests/new',
    async type(page) {
      await page.getByRole('button', { name: /^Accounts/ }).click()
      const option = page.getByRole('option', { name: /workload-0042/ })
      return type(page, 'workload-0042', () => option.first().waitFor())
    },
  },
  {
    name: 'accounts of a policy',
    path: '/admin/eligibility/new',
    async type(page) {
      await page.getByRole('button', { name: /^Accounts/ }).click()
      const option = page.getByRole('option', { name: /workload-0042/ })
      return type(page, 'workload-0042', () => option.first().waitFor())
    },
  },
  {
    name: 'groups of a policy',
    path: '/admin/eligibility/new',
    async type(page) {
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^Group/ }).click()
      const option = page.getByRole('option', { name: /Team 0042/ })
      return type(page, 'Team 0042', () => option.first().waitFor())
    },
  },
]
