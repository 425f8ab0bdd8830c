import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import {
  kill,
  launcherFor,
  query,
  socketOf,
  spawnAs,
  start,
  startElsewhere,
  startOrphan,
  until,
  usedFolder,
  warnings,
} from './embedded.fixture.ts'
import { findRunning } from './leftover.ts'
import { readProcess } from './process-table.ts'

describe('a start after kill -9', () => {
  test('of TEAM alone: the server it left is not in the way, and nothing written is lost', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first, 'create table kept as select 42 as answer')
    await first.stop()
    const { child, said } = await startElsewhere(dataDir)
    const old = Number(said.replace('ready ', ''))
    await kill(child)
    const next = await start(dataDir)
    expect((await readProcess(old))?.zombie ?? true).toBe(true)
    expect(await query(next, 'select answer from kept')).toEqual([42])
  })

  test('a server that nobody told to stop is found by its folder and stopped', async () => {
    const dataDir = await usedFolder()
    const orphan = await startOrphan(dataDir)
    const next = await start(dataDir)
    expect(orphan.exitCode).toBe(0)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(`${orphan.pid}`)
    expect(await query(next, 'select 1')).toEqual([1])
  })

  test('of TEAM and the server together, in the middle of writing: committed rows are there', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first, 'create table kept (n integer)')
    await first.stop()
    const { child, said } = await startElsewhere(dataDir)
    const url = first.connectionString
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    let acknowledged = 0
    const writing = (async () => {
      for (;;) {
        await client.query('insert into kept values ($1)', [acknowledged + 1])
        acknowledged += 1
        if (acknowledged === 200) {
          process.kill(Number(said.replace('ready ', '')), 'SIGKILL')
          child.kill('SIGKILL')
        }
      }
    })()
    await writing.catch(() => undefined)
    const next = await start(dataDir)
    const [count] = await query(next, 'select count(*)::int from kept')
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect(count).toBeLessThanOrEqual(acknowledged + 1)
  })

  test('a session that spins on after its postmaster was killed is ended', async () => {
    const dataDir = await usedFolder()
    const orphan = await startOrphan(dataDir)
    const directory = join(dataDir, 'postgres', 'data')
    const client = new pg.Client(socketOf(dataDir))
    client.on('error', () => undefined)
    await client.connect()
    const found = await client.query('select pg_backend_pid() as pid')
    const spinning: number = found.rows[0].pid
    // With an end, so that a test that fails leaves no process that spins for ever.
    const spin = `do $$ declare late timestamptz := clock_timestamp() + interval '25 s';
      begin while clock_timestamp() < late loop end loop; end $$`
    client.query(spin).catch(() => undefined)
    await kill(orphan)
    await until(async () => (await findRunning(directory)).length === 1)
    expect((await readProcess(spinning))?.zombie).toBe(false)
    const next = await start(dataDir)
    expect((await readProcess(spinning))?.zombie ?? true).toBe(true)
    expect(await query(next, 'select 1')).toEqual([1])
  })
})

describe('a postmaster.pid that lies', () => {
  async function stoppedFolder(): Promise<{ dataDir: string; pidFile: string }> {
    const dataDir = await usedFolder()
    const server = await start(dataDir)
    const pidFile = join(server.dataDirectory, 'postmaster.pid')
    const text = await readFile(pidFile, 'utf8')
    await server.stop()
    await writeFile(pidFile, text)
    return { dataDir, pidFile }
  }

  async function rename(pidFile: string, pid: number): Promise<void> {
    const text = await readFile(pidFile, 'utf8')
    await writeFile(pidFile, text.replace(/^\d+/, String(pid)))
  }

  test('naming another program under a number used again: started, and that program lives', async () => {
    const { dataDir, pidFile } = await stoppedFolder()
    const stranger = await spawnAs(await launcherFor(dataDir), '/bin/sleep', ['600'])
    await rename(pidFile, stranger.pid ?? 0)
    expect(await query(await start(dataDir), 'select 1')).toEqual([1])
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
  })

  test('naming the server of another folder: started, and that server lives', async () => {
    const { dataDir, pidFile } = await stoppedFolder()
    const other = await start(await usedFolder())
    await rename(pidFile, other.postmasterPid)
    expect(await query(await start(dataDir), 'select 1')).toEqual([1])
    expect(await query(other, 'select 1')).toEqual([1])
  })

  test('naming a dead process that nobody has waited for: started', async () => {
    const { dataDir, pidFile } = await stoppedFolder()
    const launcher = await launcherFor(dataDir)
    // The shell becomes a sleep, which never asks after the child that the shell had. The child ends
    // only then: a shell may well ask after one that is dead already.
    const script = 'exec 3<&0; read -r word <&3 & echo $!; exec sleep 600'
    const parent = await spawnAs(launcher, '/bin/sh', ['-c', script])
    const [line] = await once(createInterface(parent.stdout!), 'line')
    const zombie = Number(line)
    await until(async () => (await readProcess(parent.pid ?? 0))?.argv[0] === 'sleep')
    parent.stdin?.end()
    await until(async () => (await readProcess(zombie))?.zombie === true)
    await rename(pidFile, zombie)
    expect(await query(await start(dataDir), 'select 1')).toEqual([1])
  })

  test('cut short by a power failure: started', async () => {
    const { dataDir, pidFile } = await stoppedFolder()
    await writeFile(pidFile, '')
    expect(await query(await start(dataDir), 'select 1')).toEqual([1])
  })
})
