/**
 * A way between two programs that can fail as networks do: cut, so that both ends hear of it, or
 * silent, so that neither does and what was sent arrives when the way is open again.
 */
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

/** A port of this machine, or the path of a socket. */
export type Destination = number | string

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export class TcpProxy {
  readonly #listener: Server
  readonly #pairs = new Set<Pair>()
  #destination: Destination
  /** What the clients have sent, in all. */
  bytesToServer = 0
  #state: 'open' | 'silent' | 'cut' = 'open'

  private constructor(listener: Server, destination: Destination) {
    this.#listener = listener
    this.#destination = destination
  }

  static async open(destination: Destination): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    const proxy = new TcpProxy(listener, destination)
    listener.on('connection', (client) => proxy.#accept(client))
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    return proxy
  }

  get port(): number {
    // It listens by port, so that the address is one.
    return (this.#listener.address() as AddressInfo).port
  }

  /** Neither side hears anything more; new connections are made and stay without an answer. */
  silence(): void {
    this.#state = 'silent'
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  /** Every connection is reset, and so are new ones. */
  cut(): void {
    this.#state = 'cut'
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
  }

  heal(): void {
    this.#state = 'open'
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  /** Whoever connects from now on gets there; those who were connected are cut off. */
  leadTo(destination: Destination): void {
    this.#destination = destination
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
  }

  async close(): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
    await new Promise((done) => this.#listener.close(done))
  }

  #accept(client: Socket): void {
    if (this.#state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const options = { allowHalfOpen: true }
    const server =
      typeof this.#destination === 'number'
        ? dial({ host: '127.0.0.1', port: this.#destination, ...options })
        : dial({ path: this.#destination, ...options })
    const pair = { client, server }
    this.#pairs.add(pair)
    client.on('data', (chunk) => {
      this.bytesToServer += chunk.length
    })
    this.#forward(pair, client, server)
    this.#forward(pair, server, client)
    if (this.#state === 'silent') {
      server.pause()
      return
    }
    client.resume()
  }

  #forward(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (chunk) => to.write(chunk))
    from.on('end', () => to.end())
    from.on('error', () => undefined)
    from.on('close', () => {
      to.destroy()
      this.#pairs.delete(pair)
    })
  }
}

/** The socket that a libpq URL with a folder for a host names. */
export function socketOf(url: string): string {
  const { host, port } = placeOf(url)
  return join(host, `.s.PGSQL.${port}`)
}

/** The same database by the proxy's port; `options` are settings of each session. */
export function urlThrough(proxy: TcpProxy, url: string, options = ''): string {
  const { database, user } = placeOf(url)
  const more = options === '' ? '' : `?options=${encodeURIComponent(options)}`
  return `postgresql://${user}@127.0.0.1:${proxy.port}/${database}${more}`
}

export function placeOf(url: string) {
  const [head = '', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  const read = (name: string) => {
    const value = parameters.get(name)
    if (value === null) throw new Error(`${url} has no ${name}`)
    return value
  }
  const database = head.slice(head.lastIndexOf('/') + 1)
  return { database, host: read('host'), port: read('port'), user: read('user') }
}
