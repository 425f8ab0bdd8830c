import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import type { SendMail } from '#server/notify/mail-port.ts'
import { clientsFor, control } from '#test/aws-clients.ts'
import { createMail } from './mail.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 11, settings: { sesPerSecond: 1_000 } })
})
afterAll(() => sandbox.close())
beforeEach(() => control(sandbox, 'DELETE', 'faults'))

const message = {
  from: 'team@example.net',
  to: 'test-user@example.com',
  replyTo: 'team@example.net',
  subject: '「承認のお願い」𠮷',
  text: 'plain １',
  html: '<p>𠮷</p>',
  headers: [
    { name: 'Auto-Submitted', value: 'auto-generated' },
    { name: 'References', value: '<request-1@team.example.net>' },
    { name: 'Message-ID', value: '<mine@team.example.net>' },
  ],
}
const mail = () => createMail({ clients: clientsFor(sandbox, { limits: { answer: 150 } }) })
/** What the notices ask for is what is offered here. */
const send: SendMail = (one) => mail().send(one)
const fault = (body: object) =>
  control(sandbox, 'POST', 'faults', { operation: 'SendEmail', ...body })
const inbox = () =>
  control<{ subject: string; text: string; html: string }[]>(sandbox, 'GET', 'mail')

describe('a mail', () => {
  test('arrives with every character unharmed', async () => {
    expect(await send(message)).toMatchObject({
      kind: 'sent',
      messageId: expect.any(String),
    })
    const { subject, text, html } = message
    expect((await inbox()).filter((one) => one.subject === subject)).toMatchObject([
      { subject, text, html },
    ])
  })

  test('from a domain that SES does not know is refused, with the reason', async () => {
    const outcome = await mail().send({ ...message, from: 'team@nowhere.invalid' })
    expect(outcome).toMatchObject({ kind: 'refused', message: expect.stringContaining('verified') })
  })

  const outcomes: [object, 'refused' | 'later'][] = [
    [{ error: 'MessageRejected' }, 'refused'],
    [{ error: 'MailFromDomainNotVerifiedException' }, 'refused'],
    [{ error: 'BadRequestException' }, 'refused'],
    [{ error: 'TooManyRequestsException' }, 'later'],
    [{ error: 'LimitExceededException' }, 'later'],
    [{ error: 'SendingPausedException' }, 'later'],
    [{ error: 'AccountSuspendedException' }, 'later'],
    [{ error: 'AccessDeniedException' }, 'later'],
    [{ error: 'InternalServiceErrorException' }, 'later'],
    [{ dropConnection: 'before' }, 'later'],
    [{ dropConnection: 'after' }, 'later'],
    [{ delayMs: 60_000 }, 'later'],
  ]
  for (const [what, kind] of outcomes) {
    test(`that meets ${JSON.stringify(what)} is ${kind}, after one attempt`, async () => {
      await fault(what)
      const clients = clientsFor(sandbox, { limits: { answer: 150 } })
      expect(await createMail({ clients }).send(message)).toMatchObject({ kind })
      expect(clients.counted).toHaveLength(1)
    })
  }
})

test('the account says whether SES still sends to verified addresses only', async () => {
  expect(await mail().account()).toMatchObject({ productionAccess: false, sendingEnabled: true })
})
