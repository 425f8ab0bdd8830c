import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { beforeEach, describe, expect, test } from 'vitest'
import { control } from '#sandbox/control/control.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, drivenClock, drivenWorld } from '../test-kit.ts'

let world: World
let client: SNSClient
let topicArn: string

beforeEach(async () => {
  ;({ world } = await drivenWorld({ clock: drivenClock() }))
  client = new SNSClient(clientOptions(world))
  const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'team-notices' }))
  topicArn = TopicArn
})

const looked = () =>
  control(world, {
    method: 'GET',
    path: '/_sandbox/sns',
    host: 'localhost',
    origin: undefined,
    body: Buffer.alloc(0),
  }).body
const publish = (more: object = {}) =>
  client.send(new PublishCommand({ TopicArn: topicArn, Message: '{"日本": "&<>"}', ...more }))

describe('SNS', () => {
  test('takes a message with its attributes, and shows it', async () => {
    const attributes = { event: { DataType: 'String', StringValue: 'approved' } }
    const { MessageId } = await publish({ Subject: 'TEAM', MessageAttributes: attributes })
    expect(looked()).toMatchObject([
      {
        messageId: MessageId,
        topicArn,
        subject: 'TEAM',
        body: '{"日本": "&<>"}',
        attributes: { event: 'approved' },
      },
    ])
  })

  test('makes a topic once, however often it is asked', async () => {
    const again = await client.send(new CreateTopicCommand({ Name: 'team-notices' }))
    expect(again.TopicArn).toBe(topicArn)
  })

  const refused: [string, object, string][] = [
    ['a topic that is not there', { TopicArn: 'arn:aws:sns:us-east-1:1:no' }, 'NotFound'],
    ['more than 256 KB', { Message: 'x'.repeat(256 * 1024 + 1) }, 'InvalidParameter'],
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }, 'InvalidParameter'],
    ['a subject with a line break', { Subject: 'a\nb' }, 'InvalidParameter'],
    ['no text', { Message: '' }, 'InvalidParameter'],
  ]
  test.each(refused)('refuses %s', async (_what, more, code) => {
    await expect(publish(more)).rejects.toMatchObject({
      name: expect.stringMatching(new RegExp(`^${code}(Exception)?$`)),
    })
    expect(looked()).toEqual([])
  })
})
