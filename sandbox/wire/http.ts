import type { IncomingMessage, ServerResponse } from 'node:http'
import type { World } from '../model/world.ts'
import { receive } from './aws.ts'
import { waited } from './wait.ts'

export const bodyBytesMax = 10 * 1024 * 1024

export class BodyTooLarge extends Error {}

export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size > bodyBytesMax)
      throw new BodyTooLarge(`The body is longer than ${bodyBytesMax} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Carries one AWS call over HTTP, with the delays and broken connections that faults ask for. */
export async function serveAws(
  world: World,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await readBody(incoming)
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value
  }
  const method = incoming.method ?? 'GET'
  const hangUp = new AbortController()
  outgoing.once('close', () => hangUp.abort())
  const reception = receive(world, { method, path, query, headers, body })
  if (reception.waitMs > 0 && !(await waited(reception.waitMs, hangUp.signal))) {
    reception.giveUp()
    return
  }
  const answer = reception.run()
  if (answer.holdMs > 0 && !(await waited(answer.holdMs, hangUp.signal))) return
  if (answer.drop) {
    incoming.socket.destroy()
    return
  }
  outgoing.writeHead(answer.status, answer.headers)
  outgoing.end(answer.body)
}
