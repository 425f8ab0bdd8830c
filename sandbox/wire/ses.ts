import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import type { Mail } from '../model/types.ts'
import { parseMail } from './mime.ts'
import { type Context, listed, operation, type Service } from './service.ts'

const dayMs = 24 * 60 * 60 * 1000
/** "Managing your Amazon SES sending limits": short bursts above the rate are let through. */
const burstSeconds = 10
const recipientsMax = 50

const part = z.object({ Data: z.string(), Charset: z.string().optional() })
const addresses = z.array(z.string()).optional()

const sendEmailInput = z.object({
  FromEmailAddress: z.string().optional(),
  Destination: z
    .object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses })
    .optional(),
  Content: z.object({
    Simple: z
      .object({
        Subject: part,
        Body: z.object({ Text: part.optional(), Html: part.optional() }),
        Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).optional(),
      })
      .optional(),
    Raw: z.object({ Data: z.base64() }).optional(),
    Template: z.unknown().optional(),
  }),
})
type SendEmailInput = z.output<typeof sendEmailInput>

const rejected = (message: string) => new Refusal('MessageRejected', message)
const badRequest = (message: string) => new Refusal('BadRequestException', message)

function readMail(input: SendEmailInput): Omit<Mail, 'messageId' | 'at'> {
  const { Simple, Raw } = input.Content
  const { ToAddresses, CcAddresses, BccAddresses } = input.Destination ?? {}
  const to = [...(ToAddresses ?? []), ...(CcAddresses ?? []), ...(BccAddresses ?? [])]
  const from = input.FromEmailAddress ?? ''
  if (Raw !== undefined) {
    const mail = parseMail(Buffer.from(Raw.Data, 'base64'))
    return { ...mail, from: from === '' ? mail.from : from, to: to.length === 0 ? mail.to : to }
  }
  if (Simple === undefined) {
    throw badRequest('The sandbox sends Simple and Raw content only.')
  }
  const { Text, Html } = Simple.Body
  if (Text === undefined && Html === undefined) throw badRequest('Missing required body')
  return {
    subject: Simple.Subject.Data,
    text: Text?.Data ?? '',
    html: Html?.Data ?? '',
    headers: Object.fromEntries(
      (Simple.Headers ?? []).map(({ Name, Value }) => [Name.toLowerCase(), Value]),
    ),
    from,
    to,
  }
}

/** The bare address of `Name <local@domain>`. */
function bareAddress(address: string): string {
  const bare = /<([^<>]+)>\s*$/.exec(address)?.[1] ?? address.trim()
  const isAscii = [...(bare.split('@')[0] ?? '')].every((character) => character < '\u0080')
  if (!/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(bare) || !isAscii) {
    throw badRequest(`Invalid email address: ${address}`)
  }
  return bare
}

function isVerified(context: Context, address: string): boolean {
  const { state } = context.world
  const own = state.emailIdentities.get(address.toLowerCase())
  if (own !== undefined) return own.verified
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  if (state.emailIdentities.get(domain)?.verified === true) return true
  if (state.organisation.sesDomains.includes(domain)) return true
  return state.userByEmail(address) !== undefined
}

/** "Request production access": in the SES sandbox a mail goes only to verified identities. */
function refuseUnverified(context: Context, mail: { from: string; to: string[] }): void {
  const toCheck = [bareAddress(mail.from)]
  if (!context.world.settings.sesProductionAccess) {
    const isSimulator = (address: string) => address.endsWith('@simulator.amazonses.com')
    toCheck.push(...mail.to.map(bareAddress).filter((address) => !isSimulator(address)))
  }
  const failed = toCheck.filter((address) => !isVerified(context, address))
  if (failed.length === 0) return
  const region = context.signer.region.toUpperCase()
  throw rejected(
    `Email address is not verified. The following identities failed the check in region ${region}: ${failed.join(', ')}`,
  )
}

function sentLastDay(context: Context): number {
  const since = context.world.now() - dayMs
  return context.world.state.mails.filter((mail) => mail.at > since).length
}

function refuseBeyondLimits(context: Context): void {
  const { sesPerSecond, sesPerDay } = context.world.settings
  if (sentLastDay(context) >= sesPerDay) {
    throw new Refusal('LimitExceededException', 'Daily message quota exceeded.')
  }
  const limit = { perSecond: sesPerSecond, capacity: sesPerSecond * burstSeconds }
  if (context.world.bucket('ses').take(context.world.now(), limit)) return
  throw new Refusal('TooManyRequestsException', 'Maximum sending rate exceeded.')
}

export const ses: Service = {
  name: 'sesv2',
  scope: 'ses',
  operations: {
    SendEmail: operation(sendEmailInput, (context, input) => {
      const mail = readMail(input)
      if (mail.to.length === 0) throw badRequest('At least one recipient is required.')
      if (mail.to.length > recipientsMax) throw badRequest('Recipient count exceeds 50.')
      if (/[\r\n]/.test(mail.subject)) throw badRequest('Subject may not contain line breaks.')
      if (!context.world.settings.sesSendingEnabled) {
        throw new Refusal('SendingPausedException', 'Email sending is paused for this account.')
      }
      refuseUnverified(context, mail)
      refuseBeyondLimits(context)
      const messageId = `0100${context.world.ids.random.bytes(6).toString('hex')}-${context.world.ids.uuid()}-000000`
      context.world.commit({
        type: 'mail',
        value: { ...mail, messageId, at: context.world.now() },
      })
      return { MessageId: messageId }
    }),

    GetAccount: operation(z.object({}), (context) => {
      const { sesProductionAccess, sesSendingEnabled, sesPerDay, sesPerSecond } =
        context.world.settings
      return {
        DedicatedIpAutoWarmupEnabled: false,
        EnforcementStatus: 'HEALTHY',
        ProductionAccessEnabled: sesProductionAccess,
        SendingEnabled: sesSendingEnabled,
        SendQuota: {
          Max24HourSend: sesPerDay,
          MaxSendRate: sesPerSecond,
          SentLast24Hours: sentLastDay(context),
        },
      }
    }),

    GetEmailIdentity: operation(z.object({ EmailIdentity: z.string() }), (context, input) => {
      const { state } = context.world
      const own = state.emailIdentities.get(input.EmailIdentity.toLowerCase())
      if (own !== undefined) {
        return {
          IdentityType: own.identity.includes('@') ? 'EMAIL_ADDRESS' : 'DOMAIN',
          VerifiedForSendingStatus: own.verified,
          VerificationStatus: own.verified ? 'SUCCESS' : 'PENDING',
        }
      }
      const isDomain = state.organisation.sesDomains.includes(input.EmailIdentity.toLowerCase())
      if (!isDomain && state.userByEmail(input.EmailIdentity) === undefined) {
        throw new Refusal(
          'NotFoundException',
          `Email identity ${input.EmailIdentity} does not exist.`,
        )
      }
      return {
        IdentityType: isDomain ? 'DOMAIN' : 'EMAIL_ADDRESS',
        VerifiedForSendingStatus: true,
        VerificationStatus: 'SUCCESS',
      }
    }),
  },
  optional: ['GetEmailIdentity'],
  malformed: (mistakes) => badRequest(listed(mistakes)),
  throttle: () => {},
}
