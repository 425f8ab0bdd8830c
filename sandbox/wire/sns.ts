import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import type { TopicMessage } from '../model/types.ts'
import { type Context, listed, operation, type Service } from './service.ts'

/** API reference, Publish: message and attributes together. */
const messageBytesMax = 256 * 1024
const subjectCharactersMax = 100

const invalid = (message: string) => new Refusal('InvalidParameter', message)

/** As the Query protocol sends them: `MessageAttributes.entry.1.Name`, `….Value.StringValue`. */
const publishInput = z
  .object({
    TopicArn: z.string(),
    Message: z.string(),
    Subject: z.string().optional(),
    MessageStructure: z.string().optional(),
    MessageGroupId: z.string().optional(),
    MessageDeduplicationId: z.string().optional(),
  })
  .catchall(z.string())

function attributesOf(input: Readonly<Record<string, string | undefined>>) {
  const attributes: Record<string, string> = {}
  for (let at = 1; ; at += 1) {
    const entry = `MessageAttributes.entry.${at}`
    const name = input[`${entry}.Name`]
    if (name === undefined) return attributes
    const type = input[`${entry}.Value.DataType`]
    const value = input[`${entry}.Value.StringValue`]
    if (type !== 'String' || value === undefined || value === '') {
      throw new Refusal(
        'ParameterValueInvalid',
        `The message attribute '${name}' must have a value.`,
      )
    }
    attributes[name] = value
  }
}

function refuseMessage(message: Pick<TopicMessage, 'subject' | 'body' | 'attributes'>): void {
  const { subject, body, attributes } = message
  if (body === '') throw invalid('Invalid parameter: Empty message')
  if (subject !== null && !/^[\x21-\x7e][\x20-\x7e]*$/.test(subject)) {
    throw invalid('Invalid parameter: Subject')
  }
  if ((subject ?? '').length >= subjectCharactersMax) throw invalid('Invalid parameter: Subject')
  const bytes = Buffer.byteLength(body + Object.entries(attributes).flat().join(''))
  if (bytes > messageBytesMax) {
    throw invalid('Invalid parameter: Message too long')
  }
}

function topicArn({ world, signer }: Context, name: string): string {
  const account = signer.principal.accountId(world.state.organisation)
  return `arn:aws:sns:${signer.region}:${account}:${name}`
}

export const sns: Service = {
  name: 'sns',
  scope: 'sns',
  operations: {
    CreateTopic: operation(z.object({ Name: z.string() }), (context, { Name }) => {
      if (!/^[\w-]{1,256}(\.fifo)?$/.test(Name)) throw invalid('Invalid parameter: Topic Name')
      const arn = topicArn(context, Name)
      if (!context.world.state.topics.has(arn)) {
        context.world.commit({ type: 'topic', value: { arn, createdAt: context.world.now() } })
      }
      return { TopicArn: arn }
    }),

    Publish: operation(publishInput, (context, input) => {
      const { TopicArn, Message, Subject = null, MessageGroupId = null } = input
      const { state } = context.world
      if (!state.topics.has(TopicArn)) throw new Refusal('NotFound', 'Topic does not exist')
      if (TopicArn.endsWith('.fifo') && MessageGroupId === null) {
        throw invalid('Invalid parameter: The MessageGroupId parameter is required for FIFO topics')
      }
      const message = { subject: Subject, body: Message, attributes: attributesOf(input) }
      refuseMessage(message)
      const messageId = context.world.ids.uuid()
      context.world.commit({
        type: 'topic-message',
        value: { messageId, topicArn: TopicArn, ...message, at: context.world.now() },
      })
      return { MessageId: messageId }
    }),
  },
  optional: [],
  malformed: (mistakes) => invalid(listed(mistakes)),
  throttle: () => {},
}
