/** What one visit of a page costs the browser, as Chromium itself measures it. */
import type { BrowserContext, CDPSession, Page } from '@playwright/test'

export interface Visit {
  /** Compressed, by the address of each script that the visit loaded. */
  readonly scripts: ReadonlyMap<string, number>
  /** The longest task of the page's thread, as it lasted, and the processor time of it. */
  readonly longestTaskMs: number
  readonly longestTaskCpuMs: number
  /** Cumulative layout shift, without what an input caused. */
  readonly layoutShift: number
  /** From the address to data on the screen. */
  readonly shownMs: number
}

export interface Typed {
  /** From the key to the frame that answers it: the slowest. */
  readonly keyMsMax: number
  /** From the last key to the options that fit. */
  readonly foundMs: number
  readonly longestTaskMs: number
  readonly longestTaskCpuMs: number
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly tid: number
  readonly pid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

const settleMs = 600
const waitMsMax = 180_000

/** In a browser that has been nowhere, so everything is loaded. */
export async function visit(context: BrowserContext, url: string): Promise<[Page, Visit]> {
  const page = await context.newPage()
  await page.addInitScript(() => {
    const kept = window as unknown as { shift: number }
    kept.shift = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as unknown as { value: number; hadRecentInput: boolean }
        if (!shift.hadRecentInput) kept.shift += shift.value
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  const startedMs = performance.now()
  let shownMs = 0
  const tasks = await traced(context, page, async () => {
    await page.goto(url, { timeout: waitMsMax })
    await shown(page)
    shownMs = performance.now() - startedMs
    await page.waitForTimeout(settleMs)
  })
  const found = await page.evaluate(() => ({
    layoutShift: (window as unknown as { shift: number }).shift,
    scripts: (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ name }) => name.endsWith('.js'))
      .map(({ name, encodedBodySize }) => [name, encodedBodySize] as const),
  }))
  return [page, { ...tasks, ...found, scripts: new Map(found.scripts), shownMs }]
}

/** Until what the page asked for has come. */
async function shown(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: waitMsMax })
  await page
    .locator('[class*="awsui_skeleton"], [class*="awsui_spinner"]')
    .first()
    .waitFor({ state: 'detached', timeout: waitMsMax })
}

/** Types into the field that has the focus, a key at a time, until an option is there that fits. */
export async function type(page: Page, words: string, fits: () => Promise<void>): Promise<Typed> {
  await page.evaluate(() => {
    const kept = window as unknown as { keyMsMax: number }
    kept.keyMsMax = 0
    new PerformanceObserver((list) => {
      for (const { duration, name } of list.getEntries()) {
        if (name.startsWith('key')) kept.keyMsMax = Math.max(kept.keyMsMax, duration)
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
  })
  let foundMs = 0
  const tasks = await traced(page.context(), page, async () => {
    await page.keyboard.type(words, { delay: 80 })
    const typedMs = performance.now()
    await fits()
    foundMs = performance.now() - typedMs
    await page.waitForTimeout(settleMs)
  })
  const keyMsMax = await page.evaluate(() => (window as unknown as { keyMsMax: number }).keyMsMax)
  return { keyMsMax, foundMs, ...tasks }
}

async function traced(context: BrowserContext, page: Page, act: () => Promise<void>) {
  const session = await context.newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) =>
    events.push(...(value as unknown as TraceEvent[])),
  )
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', 'toplevel'] },
  })
  await act()
  await ended(session)
  return longestTask(events)
}

async function ended(session: CDPSession): Promise<void> {
  const complete = new Promise<void>((done) =>
    session.once('Tracing.tracingComplete', () => done()),
  )
  await session.send('Tracing.end')
  await complete
  await session.detach()
}

/** Of the threads on which pages run, of which only this one does anything. */
function longestTask(events: readonly TraceEvent[]) {
  const rendering = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = events.filter(
    ({ name, pid, tid }) => /RunTask$/.test(name) && rendering.has(`${pid} ${tid}`),
  )
  const longest = (of: (task: TraceEvent) => number) => Math.max(0, ...tasks.map(of)) / 1_000
  return {
    longestTaskMs: longest(({ dur }) => dur ?? 0),
    longestTaskCpuMs: longest(({ tdur }) => tdur ?? 0),
  }
}
