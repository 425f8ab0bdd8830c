/** Messages to an Amazon SNS topic; one attempt a call, the job counts them. */
import { PublishCommand } from '@aws-sdk/client-sns'
import type { AwsClients } from './clients.ts'
import { type AwsErrorKind, classify, httpStatusOf, wasNeverConnected } from './errors.ts'

export interface TopicMessage {
  readonly topicArn: string
  readonly subject: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  readonly group: string
  readonly id: string
}

export type TopicOutcome =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** No later attempt would fare better: the message or the topic is at fault. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'later'; readonly message: string; readonly mayHaveArrived: boolean }

export interface Topic {
  publish(message: TopicMessage): Promise<TopicOutcome>
}

/** SNS API reference, Publish, errors. */
const refusals = new Set([
  'InvalidParameter',
  'InvalidParameterException',
  'InvalidParameterValue',
  'ParameterValueInvalid',
  'NotFound',
  'NotFoundException',
])
const refusingKinds: readonly AwsErrorKind[] = ['invalid', 'not_found']

export function createTopic({ clients }: { clients: AwsClients }): Topic {
  return {
    async publish(message) {
      const region = regionOf(message.topicArn)
      if (region === null) return { kind: 'refused', message: 'The topic is not named by its ARN' }
      try {
        const command = new PublishCommand(inputOf(message))
        const { MessageId } = await clients.sns(region).send(command)
        return { kind: 'sent', messageId: MessageId ?? '' }
      } catch (error) {
        const { kind, code, message: why } = classify(error)
        const said = `${code}: ${why}`
        if (refusals.has(code) || refusingKinds.includes(kind)) {
          return { kind: 'refused', message: said }
        }
        const mayHaveArrived = httpStatusOf(error) === null && !wasNeverConnected(error)
        return { kind: 'later', message: said, mayHaveArrived }
      }
    },
  }
}

/** A topic is published to in its own Region. */
function regionOf(arn: string): string | null {
  return /^arn:[\w-]+:sns:([\w-]+):\d{12}:[\w-]+(\.fifo)?$/.exec(arn)?.[1] ?? null
}

function inputOf({ topicArn, subject, body, attributes, group, id }: TopicMessage) {
  const isFifo = topicArn.endsWith('.fifo')
  return {
    TopicArn: topicArn,
    Subject: subject,
    Message: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        { DataType: 'String', StringValue: value },
      ]),
    ),
    ...(isFifo && { MessageGroupId: group, MessageDeduplicationId: id }),
  }
}
