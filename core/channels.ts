/** The ways by which people and programs are told; each can be down without the others. */
import type { Settings } from './settings.ts'

export const channels = ['email', 'slack', 'sns', 'webhook'] as const
export type Channel = (typeof channels)[number]

/** Those that reach one person each; the others carry every notice once, for programs. */
export const personalChannels = ['email', 'slack'] as const satisfies readonly Channel[]
export type PersonalChannel = (typeof personalChannels)[number]

export function isChannel(name: string): name is Channel {
  return channels.some((channel) => channel === name)
}

type ChannelSettings = Pick<
  Settings,
  'emailEnabled' | 'slackEnabled' | 'snsEnabled' | 'snsTopicArn' | 'webhookEnabled' | 'webhookUrl'
>

/** Turned on, and told where to send. */
export function isOn(channel: Channel, settings: ChannelSettings): boolean {
  switch (channel) {
    case 'email':
      return settings.emailEnabled
    case 'slack':
      return settings.slackEnabled
    case 'sns':
      return settings.snsEnabled && settings.snsTopicArn !== null
    case 'webhook':
      return settings.webhookEnabled && settings.webhookUrl !== null
    default:
      return channel satisfies never
  }
}

export function channelsOn(settings: ChannelSettings): readonly Channel[] {
  return channels.filter((channel) => isOn(channel, settings))
}
