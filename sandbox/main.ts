import { resolve } from 'node:path'
import { FolderLock } from './folder-lock.ts'
import { startSandbox } from './start.ts'

const portDefault = 8090

/** A line for whoever started it, and the code to leave with: 2 when a sandbox already runs here. */
class Refused extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

interface Environment {
  port: number
  size: 'small' | 'large'
  folder: string
  bare: boolean
}

function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const port = Number(env.SANDBOX_PORT || portDefault)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refused(`SANDBOX_PORT is ${env.SANDBOX_PORT}; it must be a port, for example 8090.`)
  }
  const size = env.SANDBOX_SIZE || 'small'
  if (size !== 'small' && size !== 'large') {
    throw new Refused(`SANDBOX_SIZE is ${size}; it must be small or large.`)
  }
  const setUp = env.SANDBOX_SETUP || 'team'
  if (setUp !== 'team' && setUp !== 'none') {
    throw new Refused(`SANDBOX_SETUP is ${setUp}; it must be team or none.`)
  }
  return {
    port,
    size,
    bare: setUp === 'none',
    folder: resolve(env.TEAM_DATA_DIR || '.team', 'sandbox'),
  }
}

async function main(): Promise<void> {
  const { port, size, bare, folder } = readEnvironment(process.env)
  const startedAt = new Date().toISOString()
  const lock = FolderLock.take(folder, { pid: process.pid, port, startedAt })
  if (!(lock instanceof FolderLock)) {
    throw new Refused(
      `A sandbox already runs on ${folder}: process ${lock.pid}, http://127.0.0.1:${lock.port}.`,
      2,
    )
  }
  try {
    const sandbox = await startSandbox({ port, dataDir: folder, size, bare })
    lock.listeningOn(sandbox.port)
    const stop = () => {
      void sandbox.close().then(() => {
        lock.release()
        process.exit(0)
      })
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    console.log(`The AWS sandbox is ready at ${sandbox.url}, its organisation in ${folder}.`)
  } catch (error) {
    lock.release()
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new Refused(`Port ${port} is taken by another program: set SANDBOX_PORT to a free one.`)
    }
    throw error
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(error instanceof Refused ? error.exitCode : 1)
})
