import type { World } from '../model/world.ts'
import { receive } from './aws.ts'
import { waited } from './wait.ts'

/** The parts of the AWS SDK's HTTP request and response that its clients and this handler share. */
interface SdkRequest {
  method: string
  path: string
  query?: Record<string, string | string[] | null>
  headers: Record<string, string>
  body?: unknown
}
interface SdkOptions {
  abortSignal?: unknown
}

export interface InProcessOptions {
  /** How a fault's delay passes; real time by default. False: the caller has gone meanwhile. */
  wait?: (ms: number, gone: AbortSignal) => Promise<boolean>
}

/** Serves as the `requestHandler` of any AWS SDK client: the same calls without a socket. */
export function inProcessHandler(world: World, options: InProcessOptions = {}) {
  const wait = options.wait ?? waited
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    destroy: () => {},
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    handle: async (request: SdkRequest, { abortSignal }: SdkOptions = {}) => {
      const gone = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal
      if (gone.aborted) throw aborted()
      const reception = receive(world, {
        method: request.method,
        path: request.path,
        query: queryOf(request.query),
        headers: lowerCased(request.headers),
        body: bytesOf(request.body),
      })
      if (reception.waitMs > 0 && !(await wait(reception.waitMs, gone))) {
        reception.giveUp()
        throw aborted()
      }
      const answer = reception.run()
      if (answer.holdMs > 0 && !(await wait(answer.holdMs, gone))) throw aborted()
      if (answer.drop) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      const { status: statusCode, headers, body } = answer
      return { response: { statusCode, headers, body: new Uint8Array(Buffer.from(body)) } }
    },
  }
}

const aborted = () => Object.assign(new Error('Request aborted'), { name: 'AbortError' })

function lowerCased(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

function queryOf(query: SdkRequest['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) parameters.append(name, one ?? '')
  }
  return parameters.toString()
}

function bytesOf(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) {
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  }
  return Buffer.alloc(0)
}
