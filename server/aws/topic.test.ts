import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import type { Publish } from '#server/notify/sns.ts'
import { clientsFor, control } from '#test/aws-clients.ts'
import { createTopic } from './topic.ts'

let sandbox: Sandbox
let topicArn: string
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 12 })
  const { delegatedAdministratorId } = sandbox.world.state.organisation
  topicArn = `arn:aws:sns:us-east-1:${delegatedAdministratorId}:team-notices`
  // The first call of a process loads the client; the limit below is for answers.
  await createTopic({ clients: clientsFor(sandbox) }).publish({ ...message(), topicArn })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control(sandbox, 'DELETE', 'faults')
  await control(sandbox, 'DELETE', 'sns')
})

const message = () => ({
  topicArn,
  subject: 'TEAM approved',
  body: '{"justification":"「緊急」𠮷 & <b>"}',
  attributes: { event: 'approved', accountId: '111122223333' },
  group: 'request-1',
  id: 'notice-1',
})
/** What the notices ask for is what is offered here. */
const publish: Publish = (one) =>
  createTopic({ clients: clientsFor(sandbox, { limits: { answer: 300 } }) }).publish(one)
const taken = () => control<{ body: string; subject: string }[]>(sandbox, 'GET', 'sns')

describe('a message to a topic', () => {
  test('arrives with every character unharmed', async () => {
    expect(await publish(message())).toEqual({ kind: 'sent', messageId: expect.any(String) })
    const { subject, body, attributes } = message()
    expect(await taken()).toMatchObject([{ topicArn, subject, body, attributes }])
  })

  test('to a topic that is not there is refused, with the reason', async () => {
    const outcome = await publish({ ...message(), topicArn: `${topicArn}-gone` })
    expect(outcome).toEqual({ kind: 'refused', message: expect.stringContaining('NotFound') })
  })

  test('to what is no ARN is refused before anybody is asked', async () => {
    const outcome = await publish({ ...message(), topicArn: 'team-notices' })
    expect(outcome).toMatchObject({ kind: 'refused' })
    expect(await taken()).toEqual([])
  })

  const troubles: [string, object, object, number][] = [
    ['is throttled', { error: 'ThrottlingException' }, { mayHaveArrived: false }, 0],
    ['is denied', { error: 'AuthorizationError' }, {}, 0],
    ['meets a fault of AWS', { error: 'InternalServerException' }, { mayHaveArrived: false }, 0],
    ['is lost on its way', { dropConnection: 'before' }, { mayHaveArrived: true }, 0],
    ['loses its answer', { dropConnection: 'after' }, { mayHaveArrived: true }, 1],
    ['is not answered in time', { delayMs: 60_000 }, { mayHaveArrived: true }, 1],
  ]
  test.each(troubles)('that %s is for later', async (_what, fault, more, arrived) => {
    await control(sandbox, 'POST', 'faults', { operation: 'Publish', times: 1, ...fault })
    expect(await publish(message())).toMatchObject({ kind: 'later', ...more })
    expect(await taken()).toHaveLength(arrived)
  })
})
