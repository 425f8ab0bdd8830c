/** Two browsers in real time on a server that is a process, which is killed and comes back. */
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installation } from '#test/kill/installation.ts'
import { Story } from '#test/kill/story.ts'
import type { Organization } from '#test/team-world.ts'
import { expectPage, openBrowsers } from './browser.ts'

let installation: Installation
let story: Story
let browsers: Awaited<ReturnType<typeof openBrowsers>>
let user: Page
let approver: Page
beforeAll(async () => {
  await Installation.create('the server', (created) => {
    installation = created
  })
  story = await Story.begin(installation)
  const { teamUrl, sandboxUrl } = installation
  browsers = await openBrowsers({
    teamUrl,
    sandboxUrl,
    now: null,
    person: async (userName) => (userName === 'test-user' ? story.user : story.approver),
  })
  user = await browsers.signedIn('test-user')
  approver = await browsers.signedIn('sam.carter', { at: '/approvals' })
})
afterAll(async () => {
  await browsers?.close()
  await installation.remove()
})

const heading = (page: Page) => page.getByRole('heading', { level: 1 })

/** How long it takes: `npm run bench -- side-by-side`. */
test('a request made in one browser comes into the queue of the other by the stream, asked for once', async () => {
  await expectPage(heading(approver)).toHaveText(/^Approve requests/)
  const { accounts } = await installation.control<Organization>('GET', 'organization')
  const account = accounts.find(({ name }) => name === 'payments-prod')
  const target = `${account?.accountId}~${encodeURIComponent(story.target.permissionSetArn)}`
  await user.goto(`${installation.teamUrl}/requests/new?target=${target}&minutes=60`)
  await user.getByRole('textbox', { name: /Justification/ }).fill('Reading the logs')
  await expectPage(user.getByText('You can ask for this')).toBeVisible()
  const asked: string[] = []
  approver.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await user.getByRole('button', { name: 'Send request' }).click()
  const row = approver.getByRole('link', { name: 'ReadOnlyAccess in payments-prod', exact: true })
  await expectPage(row.first()).toBeVisible()
  await story.untilAllIsTold()
  expect(asked.filter((path) => path === '/api/v1/requests')).toHaveLength(1)
})

test('the decision is in the first by itself, and both count down', async () => {
  const target = (await heading(user).innerText()).trim()
  await approver.getByRole('button', { name: `Approve ${target} for Test User` }).click()
  await approver.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await expectPage(user.getByText('Active', { exact: true }).first()).toBeVisible()
  await approver.goto(user.url())
  for (const page of [user, approver]) {
    const timer = page.getByRole('timer')
    await expectPage(timer).toHaveText(/^(59:\d\d|1:00:00)/)
    const before = await timer.innerText()
    await expectPage(timer).not.toHaveText(before)
  }
})

test('a server that dies is missed by both, and found again by both when it is back', async () => {
  const pages = [user, approver]
  const missed = (page: Page) => page.getByText(/^Can't reach TEAM\. Showing \d\d:\d\d/)
  await installation.kill()
  for (const page of pages) await expectPage(missed(page)).toBeVisible()
  await installation.start()
  for (const page of pages) {
    await expectPage(missed(page)).toHaveCount(0)
    await expectPage(page.getByRole('button', { name: /Live/ })).toBeVisible()
  }
  await approver.getByRole('button', { name: 'Revoke', exact: true }).click()
  await approver.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  for (const page of pages) {
    await expectPage(page.getByText('Revoked', { exact: true }).first()).toBeVisible()
  }
  const cutOff = /net::ERR_(CONNECTION|INCOMPLETE_CHUNKED)/
  expect(browsers.problems.filter((problem) => !cutOff.test(problem))).toEqual([])
})
