/**
 * A small proxy in front of several copies: it asks each for `/readyz`, goes round those that are
 * ready, keeps its connections, and never tries a request twice, so that whatever a restart breaks is
 * seen.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

const askEveryMs = 100

export class Balancer {
  readonly #listener: Server
  readonly #agent = new Agent({ keepAlive: true })
  readonly #copies = new Map<number, boolean>()
  readonly #asking: NodeJS.Timeout
  #turn = 0
  answered = 0
  /** What the people in front saw of it: a 502. */
  readonly failures: string[] = []

  private constructor(listener: Server) {
    this.#listener = listener
    listener.on('request', (asked, answer) => this.#pass(asked, answer))
    this.#asking = setInterval(() => void this.#ask(), askEveryMs)
  }

  static async open(): Promise<Balancer> {
    const listener = createServer()
    const balancer = new Balancer(listener)
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    return balancer
  }

  get port(): number {
    // It listens by port, so that the address is one.
    return (this.#listener.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Requests go there from now on, as long as it says that it is ready. */
  add(port: number): void {
    this.#copies.set(port, true)
  }

  remove(port: number): void {
    this.#copies.delete(port)
  }

  isTurnedTo(port: number): boolean {
    return this.#copies.get(port) === true
  }

  async close(): Promise<void> {
    clearInterval(this.#asking)
    this.#agent.destroy()
    this.#listener.closeAllConnections()
    await new Promise((done) => this.#listener.close(done))
  }

  async #ask(): Promise<void> {
    for (const port of this.#copies.keys()) {
      const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (this.#copies.has(port)) this.#copies.set(port, isReady)
    }
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const ready = [...this.#copies].filter(([, isReady]) => isReady).map(([port]) => port)
    this.#turn += 1
    const port = ready[this.#turn % Math.max(1, ready.length)]
    if (port === undefined) {
      this.#fail(answer, `${asked.method} ${asked.url}: no copy is ready`)
      return
    }
    const { connection: _mine, ...headers } = asked.headers
    const onwards = request(
      {
        host: '127.0.0.1',
        port,
        method: asked.method,
        path: asked.url,
        headers,
        agent: this.#agent,
      },
      (answered) => {
        this.answered += 1
        const { connection: _theirs, 'keep-alive': _time, ...rest } = answered.headers
        answer.writeHead(answered.statusCode ?? 502, rest)
        answered.on('error', () => answer.destroy()).pipe(answer)
      },
    )
    onwards.on('error', (error) =>
      this.#fail(answer, `${asked.method} ${asked.url} at ${port}: ${error.message}`),
    )
    asked.pipe(onwards)
  }

  #fail(answer: ServerResponse, why: string): void {
    this.failures.push(why)
    if (answer.headersSent) answer.destroy()
    else answer.writeHead(502).end()
  }
}
