import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { serveControl } from './control/control.ts'
import { FileJournal } from './journal.ts'
import { changesThatMake } from './model/changes-that-make.ts'
import { Founder, foundSized, foundSmall, large, type Size } from './model/organisation.ts'
import type { Settings } from './model/types.ts'
import { World } from './model/world.ts'
import { servePortal } from './portal/portal.ts'
import { makePortalSecrets } from './portal/secrets.ts'
import { BodyTooLarge, serveAws } from './wire/http.ts'

export interface SandboxOptions {
  port: number
  /** Where the organisation is kept; without it, in memory. */
  dataDir?: string
  size?: 'small' | 'large' | Size
  /** An organisation in which nothing has been set up for TEAM, when a new one is made. */
  bare?: boolean
  seed?: number
  /** The organisation's clock; the machine's by default. */
  now?: () => Date
  /** The clock that judges the age of signatures: the machine's, unless a test says otherwise. */
  wallClock?: () => Date
  settings?: Partial<Settings>
}

export interface Sandbox {
  url: string
  port: number
  world: World
  close(): Promise<void>
}

const host = '127.0.0.1'

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { world, journal } = await openWorld(options)
  const server = createServer((incoming, outgoing) => {
    serve(world, incoming, outgoing).catch((error) => fail(outgoing, error))
  })
  server.requestTimeout = 0
  try {
    await listen(server, options.port)
  } catch (error) {
    journal?.close()
    throw error
  }
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://${host}:${port}`,
    port,
    world,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      journal?.close()
    },
  }
}

const sizeOf = (accounts: number) => (accounts < 500 ? 'small' : 'large')

/** The organisation without a server around it, for calls in the same process. */
export async function openWorld(options: Omit<SandboxOptions, 'port'>) {
  const journal = options.dataDir === undefined ? null : new FileJournal(options.dataDir)
  const now = options.now ?? (() => new Date())
  const world = new World(
    {
      now,
      ...(options.wallClock === undefined ? {} : { wallClock: options.wallClock }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(journal === null ? {} : { journal }),
    },
    journal?.read() ?? [],
  )
  const accounts = world.isFounded ? world.state.accounts.size : 0
  if (accounts > 0 && typeof options.size === 'string' && sizeOf(accounts) !== options.size) {
    console.warn(`The organisation in ${options.dataDir} is ${sizeOf(accounts)} and stays so.`)
  }
  if (!world.isFounded) {
    const founder = new Founder(world.ids, now().getTime())
    if (options.size === undefined || options.size === 'small') foundSmall(founder)
    else foundSized(founder, options.size === 'large' ? large : options.size)
    if (options.bare === true) founder.setNothingUp()
    // One entry: an organisation is there whole or not at all.
    world.commit(...founder.changes, { type: 'portal-secrets', value: await makePortalSecrets() })
  }
  if (options.settings !== undefined) {
    world.commit({ type: 'settings', value: { ...world.settings, ...options.settings } })
  }
  if (journal !== null) {
    journal.keepShort(() => ({ at: world.now(), changes: changesThatMake(world.state) }))
  }
  return { world, journal }
}

async function serve(
  world: World,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const path = (incoming.url ?? '/').split('?', 1)[0] ?? '/'
  if (path.startsWith('/_sandbox/')) return serveControl(world, incoming, outgoing)
  const isAws = path.startsWith('/v2/email/') || (path === '/' && incoming.method === 'POST')
  if (isAws || incoming.headers['x-amz-target'] !== undefined) {
    return serveAws(world, incoming, outgoing)
  }
  return servePortal(world, incoming, outgoing)
}

function fail(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy()
    return
  }
  const tooLarge = error instanceof BodyTooLarge
  if (!tooLarge) console.error(error)
  outgoing.writeHead(tooLarge ? 413 : 500, { 'content-type': 'application/json' })
  const message = tooLarge ? error.message : 'The sandbox failed; its log says why.'
  outgoing.end(JSON.stringify({ message }))
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
