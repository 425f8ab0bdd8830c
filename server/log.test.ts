import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createLogger } from './log.ts'

function logged(write: (log: ReturnType<typeof createLogger>) => void) {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  write(createLogger('info', destination))
  return lines.join('')
}

const secret = 'hunter2'
const slips: [name: string, what: object][] = [
  ['a header', { req: { headers: { authorization: secret, cookie: secret } } }],
  ['a response header', { res: { headers: { 'set-cookie': [secret] } } }],
  ['a CSRF header', { headers: { 'x-team-csrf': secret } }],
  ['a body', { body: { SAMLResponse: secret } }],
  ['a form', { form: { SAMLResponse: secret, RelayState: secret } }],
  ['a session', { session: { csrfToken: secret } }],
  ['a setting', { config: { secrets: { secret } } }],
  ['a connection', { database: { connectionString: secret, password: secret } }],
  ['a token', { token: secret }],
  ['a channel', { settings: { slackToken: secret, webhookSecret: secret } }],
  ['a signing secret', { slackSigningSecret: secret }],
]
for (const [name, what] of slips) {
  test(`${name} that slips into the log arrives without its secret`, () => {
    const text = logged((log) => log.info(what, 'a line'))
    expect(text).toContain('a line')
    expect(text).not.toContain(secret)
  })
}

test('a line is one JSON object with its level and its time in UTC', () => {
  const line = JSON.parse(logged((log) => log.warn({ requestId: 'r1' }, 'careful')))
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
    requestId: 'r1',
    msg: 'careful',
  })
})
