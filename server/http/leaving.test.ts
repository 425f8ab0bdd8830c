import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import type { App } from './app.ts'
import { finishAnswers, watchAnswers } from './leaving.ts'

interface Slow {
  readonly app: App
  readonly port: number
  readonly asked: Promise<void>
  answer(): void
  leave(): void
}

/** `/slow` answers half at once, and the rest when it is told to. */
async function slowServer(): Promise<Slow> {
  // The house's own app has types that this one does without.
  const app = fastify({ forceCloseConnections: true }) as unknown as App
  let leaving = false
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const answers = watchAnswers(app, () => leaving)
  app.get('/slow', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-length': '8' })
    reply.raw.write('half')
    asked.resolve()
    await answered.promise
    reply.raw.end('rest')
  })
  app.get('/', async () => 'here')
  finishAnswers(app, answers)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    app,
    port: (app.server.address() as AddressInfo).port,
    asked: asked.promise,
    answer: answered.resolve,
    leave: () => {
      leaving = true
    },
  }
}

async function read(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return text
}

test('an answer that is under way when the copy stops arrives whole', async () => {
  const slow = await slowServer()
  const [response] = (await once(get({ port: slow.port, path: '/slow' }), 'response')) as [
    IncomingMessage,
  ]
  await slow.asked
  const closed = slow.app.close()
  slow.answer()
  expect(await read(response)).toBe('halfrest')
  await closed
})

test('a connection on which nothing is asked holds nobody up', async () => {
  const { app, port } = await slowServer()
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'connect')
  const gone = once(silent, 'close')
  silent.resume()
  await app.close()
  await gone
})

test('a copy that leaves closes each connection with its answer, so that nobody asks on it again', async () => {
  const { app, port, leave } = await slowServer()
  const before = await fetch(`http://127.0.0.1:${port}/`)
  expect(before.headers.get('connection')).toBe('keep-alive')
  leave()
  const after = await fetch(`http://127.0.0.1:${port}/`)
  expect(after.headers.get('connection')).toBe('close')
  expect(await after.text()).toBe('here')
  await app.close()
})
