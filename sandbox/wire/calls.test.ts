import { GetAccountCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { ListInstancesCommand, SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { beforeEach, describe, expect, test } from 'vitest'
import { addFault } from '#sandbox/control/behaviour.ts'
import { delegatedAdministrator, managementAccount } from '#sandbox/model/principals.ts'
import type { World } from '#sandbox/model/world.ts'
import { clientOptions, type DrivenClock, drivenClock, drivenWorld, idsOf } from '../test-kit.ts'
import { handleAws } from './aws.ts'

let clock: DrivenClock
let world: World

beforeEach(async () => {
  clock = drivenClock()
  ;({ world } = await drivenWorld({ clock }))
})

describe('the signature', () => {
  const ask = (options: object) => {
    const client = new STSClient({ ...clientOptions(world), ...options })
    return client.send(new GetCallerIdentityCommand({}))
  }

  test('tells who calls', async () => {
    const ids = idsOf(world)
    expect((await ask({})).Account).toBe(ids.account('Audit'))
    const owner = await ask(clientOptions(world, managementAccount))
    expect(owner.Account).toBe(ids.managementAccountId)
  })

  test('by a wrong secret, or an unknown key, is refused', async () => {
    const { accessKeyId } = delegatedAdministrator
    const wrong = { credentials: { accessKeyId, secretAccessKey: 'wrong' } }
    await expect(ask(wrong)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    const unknown = { credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' } }
    await expect(ask(unknown)).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
    const sso = new SSOAdminClient({ ...clientOptions(world), ...wrong })
    const list = sso.send(new ListInstancesCommand({}))
    await expect(list).rejects.toMatchObject({ name: 'InvalidSignatureException' })
  })

  test.each([-15, 15])('of %i minutes away from the real clock is refused', async (minutes) => {
    const away = minutes * 60_000
    const list = (systemClockOffset: number) => {
      const client = new SSOAdminClient({ ...clientOptions(world), systemClockOffset })
      return client.send(new ListInstancesCommand({}))
    }
    const error = { name: 'InvalidSignatureException' }
    await expect(list(away + Math.sign(away) * 5_000)).rejects.toMatchObject(error)
    await expect(list(away - Math.sign(away) * 5_000)).resolves.toBeDefined()
  })

  test('is not aged by the clock of the organisation', async () => {
    clock.pass(365 * 24 * 60 * 60 * 1000)
    await expect(ask({})).resolves.toBeDefined()
  })

  test('covers the body', async () => {
    const sso = new SSOAdminClient(clientOptions(world))
    sso.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string }
        request.body = '{"MaxResults":7}'
        return next(args)
      },
      { step: 'deserialize', priority: 'low' },
    )
    const refused = sso.send(new ListInstancesCommand({}))
    await expect(refused).rejects.toMatchObject({ name: 'InvalidSignatureException' })
  })

  test('for another service, or absent, is refused', () => {
    const request = { method: 'POST', path: '/', query: '', body: Buffer.from('{}') }
    const target = { 'x-amz-target': 'SWBExternalService.ListInstances' }
    const unsigned = handleAws(world, { ...request, headers: target })
    expect(JSON.parse(unsigned.body)).toMatchObject({
      __type: 'MissingAuthenticationTokenException',
    })
    const authorization = `AWS4-HMAC-SHA256 Credential=${delegatedAdministrator.accessKeyId}/20261124/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00`
    const foreign = handleAws(world, { ...request, headers: { ...target, authorization } })
    expect(JSON.parse(foreign.body).Message).toContain("correct service: 'sso'")
  })
})

describe('SES', () => {
  const send = (to: string[], from = 'TEAM <team@example.net>', subject = '「申請」１𠮷') =>
    new SESv2Client(clientOptions(world)).send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: to },
        Content: {
          Simple: {
            Subject: { Data: subject, Charset: 'UTF-8' },
            Body: { Text: { Data: 'text', Charset: 'UTF-8' }, Html: { Data: '<p>html</p>' } },
          },
        },
      }),
    )

  test('keeps what was sent, in any language', async () => {
    await send(['test-user@example.com'])
    expect(world.state.mails).toMatchObject([
      { to: ['test-user@example.com'], subject: '「申請」１𠮷', text: 'text', html: '<p>html</p>' },
    ])
  })

  test('reads a raw mail of two parts', async () => {
    const raw = [
      'From: TEAM <team@example.net>',
      'To: test-user@example.com',
      `Subject: =?UTF-8?B?${Buffer.from('承認されました').toString('base64')}?=`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/alternative; boundary="b1"',
      '',
      '--b1',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'caf=C3=A9 =E3=81=82=\r\n!',
      '--b1',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('<p>あ</p>').toString('base64'),
      '--b1--',
    ].join('\r\n')
    const client = new SESv2Client(clientOptions(world))
    await client.send(new SendEmailCommand({ Content: { Raw: { Data: Buffer.from(raw) } } }))
    expect(world.state.mails[0]).toMatchObject({
      from: 'TEAM <team@example.net>',
      to: ['test-user@example.com'],
      subject: '承認されました',
      text: 'café あ!',
      html: '<p>あ</p>',
    })
  })

  test('in its sandbox sends to verified identities only, out of it to anybody', async () => {
    const stranger = ['somebody@elsewhere.example']
    const error = {
      name: 'MessageRejected',
      message: expect.stringContaining('US-EAST-1: somebody'),
    }
    await expect(send(stranger)).rejects.toMatchObject(error)
    await expect(send(['success@simulator.amazonses.com'])).resolves.toBeDefined()
    world.commit({ type: 'settings', value: { ...world.settings, sesProductionAccess: true } })
    await expect(send(stranger)).resolves.toBeDefined()
    const from = 'team@elsewhere.example'
    await expect(send(stranger, from)).rejects.toMatchObject({ name: 'MessageRejected' })
  })

  test('lets a burst through, then only its rate', async () => {
    for (let mail = 0; mail < 10; mail += 1) await send(['test-user@example.com'])
    const error = { name: 'TooManyRequestsException' }
    await expect(send(['test-user@example.com'])).rejects.toMatchObject(error)
    clock.pass(1_000)
    await expect(send(['test-user@example.com'])).resolves.toBeDefined()
  })

  test('counts a day of mails', async () => {
    world.commit({ type: 'settings', value: { ...world.settings, sesPerDay: 2 } })
    await send(['test-user@example.com'])
    clock.pass(60_000)
    await send(['test-user@example.com'])
    const error = { name: 'LimitExceededException' }
    await expect(send(['test-user@example.com'])).rejects.toMatchObject(error)
    clock.pass(24 * 60 * 60 * 1000 - 60_000)
    const account = await new SESv2Client(clientOptions(world)).send(new GetAccountCommand({}))
    expect(account.SendQuota).toMatchObject({ Max24HourSend: 2, SentLast24Hours: 1 })
    await expect(send(['test-user@example.com'])).resolves.toBeDefined()
  })

  test('refuses a subject with a line break', async () => {
    const refused = send(['test-user@example.com'], undefined, 'one\r\nBcc: two@example.com')
    await expect(refused).rejects.toMatchObject({ name: 'BadRequestException' })
  })
})

test('every call is listed, with its outcome and who made it', async () => {
  const sso = new SSOAdminClient(clientOptions(world))
  await sso.send(new ListInstancesCommand({}))
  await sso.send(new ListInstancesCommand({ MaxResults: 101 })).catch(() => {})
  expect(world.state.calls).toMatchObject([
    { service: 'sso-admin', operation: 'ListInstances', status: 200 },
    { service: 'sso-admin', operation: 'ListInstances', status: 400, error: 'ValidationException' },
  ])
  expect(world.state.calls[0]!.principal).toContain(':user/team-server')
})

test('the same seed gives the same ids to calls and faults, and to operations after them', async () => {
  const story = async () => {
    const { world: one } = await drivenWorld({ clock: drivenClock() })
    const fault = addFault(one, { operation: 'ListInstances', error: 'X', times: 1 })
    const refused = handleAws(one, {
      method: 'POST',
      path: '/',
      query: '',
      headers: { 'x-amz-target': 'Nothing.DoIt' },
      body: Buffer.from('{}'),
    })
    return [fault.id, refused.headers['x-amzn-requestid'], one.ids.uuid(), one.chance.fraction()]
  }
  expect(await story()).toEqual(await story())
})

test('an unknown operation, service, or path of SES gets what AWS answers', () => {
  const post = (headers: Record<string, string>, path = '/') =>
    handleAws(world, { method: 'POST', path, query: '', headers, body: Buffer.from('{}') })
  const unknown = post({ 'x-amz-target': 'Nothing.DoIt' })
  expect(JSON.parse(unknown.body)).toMatchObject({ __type: 'UnknownOperationException' })
  expect(post({}, '/v2/email/tenants').status).toBe(403)
})
