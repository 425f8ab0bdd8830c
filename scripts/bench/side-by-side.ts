/**
 * Two browsers side by side: from the answer to who asked until the request stands in the open
 * queue of who decides, and what the queue's page read for it. In real time, the small organisation.
 */
import { chromium, type Page } from '@playwright/test'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { createTeamWorld } from '#test/team-world.ts'
import { chromiumFlags, chromiumOrInstall } from '../chromium.ts'
import { root } from '../run.ts'
import { buildWebIfStale } from '../web-build.ts'
import { loadNow, type Print, round, spread } from './figures.ts'
import { makePolicies } from './request-life.ts'

const withinMsMax = 1_000
const requests = 10
const waitMsMax = 30_000
/** Until the mails about it are sent, and told of. */
const settleMs = 1_500

export async function sideBySide(cluster: TestClusterAddress, print: Print): Promise<void> {
  await buildWebIfStale()
  const webRoot = `${root}dist/web`
  const world = await createTeamWorld({ cluster, size: 'small', realTime: true, webRoot })
  const browser = await chromium.launch({
    executablePath: await chromiumOrInstall(),
    args: chromiumFlags,
  })
  try {
    const target = await makePolicies(world, await world.person('test-admin'))
    const user = await world.person('test-user')
    const approver = await world.person('sam.carter')
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const { url } = world.team
    await context.addCookies(approver.allCookies().map((one) => ({ ...one, url })))
    const queue = await context.newPage()
    await queue.goto(`${url}/approvals`)
    await queue.getByRole('button', { name: /Live/ }).waitFor()
    const tookMs: number[] = []
    const reads: number[] = []
    for (let number = 1; number <= requests; number += 1) {
      const told = await askAndSee(queue, user, { target, justification: `Reading log ${number}` })
      tookMs.push(told.tookMs)
      reads.push(told.reads)
    }
    print({ tookMs: tookMs.map((ms) => round(ms)) })
    print({
      summary: 'side-by-side',
      requests,
      seenMsP50: round(spread(tookMs).p50),
      seenMsMax: round(Math.max(...tookMs)),
      bound: withinMsMax,
      readsOfTheQueueMax: Math.max(...reads),
      load: loadNow(),
    })
  } finally {
    await browser.close()
    await world.close()
  }
}

interface Asking {
  readonly target: { readonly accountId: string; readonly permissionSetArn: string }
  readonly justification: string
}

async function askAndSee(queue: Page, user: Person, { target, justification }: Asking) {
  let reads = 0
  const count = (request: { url(): string }) => {
    if (new URL(request.url()).pathname === '/api/v1/requests') reads += 1
  }
  queue.on('request', count)
  const seen = queue.getByText(justification, { exact: true }).waitFor({ timeout: waitMsMax })
  const submission = { targets: [target], durationMinutes: 30, justification }
  const { body } = await user.post<{ requests: Request[] }>('/requests', submission)
  const answeredMs = performance.now()
  await seen
  const tookMs = performance.now() - answeredMs
  await queue.waitForTimeout(settleMs)
  queue.off('request', count)
  // Who waits already can't ask for the same again.
  await user.post(`/requests/${body.requests[0]?.id}/cancel`)
  await queue.waitForTimeout(settleMs)
  return { tookMs, reads }
}
