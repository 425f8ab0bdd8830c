/**
 * `kill -9` at every point of a request's life at which something is done and not yet known, or
 * known and not yet done. A point is reached by a call of the sandbox that hangs, or by a lock that
 * the test holds; that it is there is asked for, not slept for. What follows is the same each time:
 * started again, the request goes on to its right end.
 *
 * Where an answer was lost, TEAM looks after ten seconds of real time; so these stories take longer,
 * and several run side by side.
 */
import { beforeAll, expect, test, vi } from 'vitest'
import { type Casualties, Installation } from './installation.ts'
import { compileOnce } from './program.ts'
import { Story } from './story.ts'

vi.setConfig({ maxConcurrency: 5 })
beforeAll(compileOnce)

interface Point {
  readonly where: string
  /** Until it is reached. */
  readonly reach: (story: Story) => Promise<void>
  /** Every call that was meant to change AWS, and what is known of it when all is over. */
  readonly intents: readonly string[]
  /** Of the calls, those that AWS accepted. */
  readonly creations: number
  readonly deletions: number
}

/** Most stories: one call each way, whatever was lost of them. */
const onceEach = { intents: ['create succeeded', 'delete succeeded'], creations: 1, deletions: 1 }

const points: readonly Point[] = [
  {
    where: 'a mail was accepted and its answer is unread',
    reach: async (story) => {
      const hangs = await story.hang('SendEmail')
      await story.ask()
      await hangs()
      await story.untilTold({ butFor: 1 })
    },
    ...onceEach,
  },
  {
    where: 'the decision is being committed',
    reach: async (story) => {
      await story.askAndTell()
      const gate = await story.installation.closeGate('the decision')
      story.approveUnanswered()
      await gate.reached()
    },
    ...onceEach,
  },
  {
    where: 'the intent is being committed',
    reach: async (story) => {
      await story.askAndTell()
      const gate = await story.installation.closeGate('the intent')
      await story.approve()
      await story.untilTold()
      await gate.reached()
    },
    ...onceEach,
  },
  {
    where: 'the intent is committed and its call has no effect yet',
    reach: async (story) => {
      await story.askAndTell()
      const hangs = await story.hang('CreateAccountAssignment', 'before')
      await story.approve()
      await hangs()
    },
    ...onceEach,
    // What became of the first one is not known before its signature is dead.
    intents: ['create unknown', 'create succeeded', 'delete succeeded'],
  },
  {
    where: 'AWS accepted the creation and its answer is unread',
    reach: async (story) => {
      await story.askAndTell()
      const hangs = await story.hang('CreateAccountAssignment')
      await story.approve()
      await hangs()
    },
    ...onceEach,
  },
  {
    where: "the creation's request id is being committed",
    reach: async (story) => {
      await story.askAndTell()
      const gate = await story.installation.closeGate('the request id')
      await story.approve()
      await gate.reached()
    },
    ...onceEach,
  },
  {
    where: "the creation's success is unread",
    reach: async (story) => {
      await story.askAndTell()
      const hangs = await story.hang('DescribeAccountAssignmentCreationStatus')
      await story.approve()
      await hangs()
    },
    ...onceEach,
  },
  {
    where: 'the state active is being committed',
    reach: async (story) => {
      await story.askAndTell()
      const gate = await story.installation.closeGate('the state active')
      await story.approve()
      await story.untilTold()
      await gate.reached()
    },
    ...onceEach,
  },
  {
    where: 'the intent of the deletion is committed and its call has no effect yet',
    reach: async (story) => {
      await story.askAndGet()
      const hangs = await story.hang('DeleteAccountAssignment', 'before')
      await story.giveBack()
      await hangs()
    },
    ...onceEach,
    intents: ['create succeeded', 'delete unknown', 'delete succeeded'],
  },
  {
    where: 'AWS accepted the deletion and its answer is unread',
    reach: async (story) => {
      await story.askAndGet()
      const hangs = await story.hang('DeleteAccountAssignment')
      await story.giveBack()
      await hangs()
    },
    ...onceEach,
    intents: ['create succeeded', 'delete unknown'],
  },
  {
    where: "the deletion's success is unread",
    reach: async (story) => {
      await story.askAndGet()
      const hangs = await story.hang('DescribeAccountAssignmentDeletionStatus')
      await story.giveBack()
      await hangs()
    },
    ...onceEach,
  },
  {
    where: 'the state ended is being committed',
    reach: async (story) => {
      await story.askAndGet()
      const gate = await story.installation.closeGate('the state ended')
      await story.giveBack()
      await gate.reached()
    },
    ...onceEach,
  },
]

const deaths: readonly Casualties[] = ['the server', 'everything']
const cases = deaths.flatMap((casualties) => points.map((point) => ({ casualties, ...point })))

test.concurrent.for(cases)('$casualties is killed while $where', async (point, context) => {
  const { onTestFinished, onTestFailed } = context
  const installation = await Installation.create(point.casualties, (created) => {
    onTestFinished(() => created.remove())
    onTestFailed(() => console.error(created.lastWords()))
  })
  const story = await Story.begin(installation)
  await point.reach(story)
  await story.kill()
  await installation.start()
  await story.goOn()
  await story.expectRightEnd()
  expect(await story.intents()).toEqual(point.intents)
  expect(await story.accepted('CreateAccountAssignment')).toBe(point.creations)
  expect(await story.accepted('DeleteAccountAssignment')).toBe(point.deletions)
})
