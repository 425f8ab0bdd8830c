import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Binaries, findBinaries } from './binaries.ts'
import { createCluster } from './cluster.ts'
import { chooseLauncher, type Launcher } from './os-user.ts'

const run = promisify(execFile)

/** A clone made by root in a folder like `mktemp -d` makes: 0700. */
describe.runIf(process.getuid?.() === 0)('programs in a folder that only root may enter', () => {
  let clone: string
  let binaries: Binaries

  beforeAll(async () => {
    clone = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'team-clone-'))
    const found = await findBinaries()
    const native = dirname(dirname(found.postgres))
    await cp(native, join(clone, 'native'), { recursive: true, verbatimSymlinks: true })
    const moved = (path: string) => path.replace(native, join(clone, 'native'))
    binaries = {
      ...found,
      postgres: moved(found.postgres),
      initdb: moved(found.initdb),
      sampleConfig: moved(found.sampleConfig),
    }
    await chmod(clone, 0o700)
  })
  afterAll(() => rm(clone, { recursive: true, force: true }))

  async function makeCluster(name: string): Promise<Launcher> {
    const folder = join(clone, name)
    await mkdir(folder, { mode: 0o700 })
    const { postgres, sampleConfig } = binaries
    const needs = { dataOwnerUid: null, folder, program: postgres, sampleConfig }
    const launcher = await chooseLauncher(needs)
    await createCluster(join(folder, 'data'), { binaries, launcher, durable: false })
    expect(await readFile(join(folder, 'data', 'PG_VERSION'), 'utf8')).toMatch(/^\d+\n$/)
    return launcher
  }

  async function rightsUnder(launcher: Launcher): Promise<string | undefined> {
    const { file, args, options } = launcher.command('cat', ['/proc/self/status'], 'KILL')
    const { stdout } = await run(file, args, options)
    return /^CapEff:\s*0*(\w+)$/m.exec(stdout)?.[1]
  }

  test('work with the right to pass through folders', async () => {
    expect(await rightsUnder(await makeCluster('readable'))).toBe('4')
  })

  test('work, unpacked under umask 077, with the right to ignore modes', async () => {
    await run('chmod', ['-R', 'go-rwx', join(clone, 'native')])
    expect(await rightsUnder(await makeCluster('closed'))).toBe('2')
  })
})
