/**
 * The way from one copy to AWS. A call can be held on it: the copy has sent it, AWS has not received
 * it, and whatever becomes of the copy meanwhile, it arrives when it is let go.
 */
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '../kill/until.ts'

const mutations = new Set(['CreateAccountAssignment', 'DeleteAccountAssignment'])

export class AwsWay {
  readonly #server: Server
  readonly #port: number
  readonly #sent: string[] = []
  readonly #held: (() => void)[] = []
  #holding: string | null = null

  private constructor(server: Server, port: number) {
    this.#server = server
    this.#port = port
  }

  static async open(sandboxUrl: string): Promise<AwsWay> {
    const server = createServer()
    const way = new AwsWay(server, Number(new URL(sandboxUrl).port))
    server.on('request', (message, answer) => void way.#pass(message, answer))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return way
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Every call that changes access and that its copy has sent, in order. */
  get mutations(): string[] {
    return this.#sent.filter((operation) => mutations.has(operation))
  }

  forget(): void {
    this.#sent.length = 0
  }

  hold(operation: string): void {
    this.#holding = operation
  }

  async holdsOne(): Promise<void> {
    await until('a call is on its way', async () => this.#held.length > 0)
  }

  letGo(): void {
    this.#holding = null
    for (const letGo of this.#held.splice(0)) letGo()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #pass(message: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    await this.#turn(message)
    const onward = request({
      host: '127.0.0.1',
      port: this.#port,
      method: message.method ?? 'POST',
      path: message.url ?? '/',
      // As they were signed.
      headers: message.headers,
    })
    onward.on('response', (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers)
      back.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    onward.end(Buffer.concat(chunks))
  }

  #turn(message: IncomingMessage): Promise<void> {
    const target = String(message.headers['x-amz-target'] ?? '')
    const operation = target.slice(target.lastIndexOf('.') + 1)
    this.#sent.push(operation)
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#holding === operation) this.#held.push(resolve)
    else resolve()
    return promise
  }
}
