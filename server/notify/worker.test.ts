import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { byMail, createMailRoom, type MailRoom } from '#test/mail-room.ts'
import { releaseDeadWorkers } from './dead-workers.ts'
import { startNotifyWorker, sweep } from './worker.ts'

let room: MailRoom

beforeAll(async () => {
  room = await createMailRoom()
})
afterAll(() => room.close())
beforeEach(() => room.tidy())

describe('a process that dies', () => {
  /** Another TEAM, in a process of its own, whose provider accepts and never answers. */
  async function startVictim(): Promise<ChildProcess> {
    const program = `
      import { openDatabase } from '#server/store/database.ts'
      import { startNotifyWorker } from '#server/notify/worker.ts'
      const log = { info() {}, warn() {}, error(text) { console.error(text) } }
      const database = openDatabase({ connection: process.env.VICTIM_DATABASE, log })
      await startNotifyWorker({
        db: database.db, owner: database.owner, log, clock: { now: () => new Date() },
        approversOf: async () => [], publicUrl: 'https://team.example.com', portalUrl: null,
        senders: { email: () => { console.log('accepted'); return new Promise(() => undefined) } },
      })`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, VICTIM_DATABASE: room.world.database.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout!, 'data')
    return child
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  const inAWhile = () => new Date(Date.now() + 60_000)

  test('after the provider accepted and before that was recorded: the mail is sent again', async () => {
    await room.announce('requested', 'alice')
    const victim = await startVictim()
    expect(await releaseDeadWorkers(room.owner, inAWhile())).toBe(0)
    await room.drain()
    expect(room.post.taken).toEqual([])
    await kill(victim)
    await expect.poll(() => releaseDeadWorkers(room.owner, inAWhile())).toBe(1)
    await room.drain()
    expect(room.post.taken.map(({ to }) => to)).toEqual(['alice@example.com'])
    expect(await room.notices()).toMatchObject([{ state: 'sent', attempts: 2, unanswered: 1 }])
  })

  test('during the very last attempt: the notice is failed, not forgotten', async () => {
    await room.announce('requested', 'alice')
    await room.owner.query('update graphile_worker._private_jobs set attempts = 11')
    await kill(await startVictim())
    await expect
      .poll(async () => {
        await sweep(room.ports, inAWhile())
        return (await room.notices())[0]?.state
      })
      .toBe('failed')
    expect(await room.notices()).toMatchObject([
      { last_error: 'TEAM stopped during the last attempt' },
    ])
    expect(await room.jobs()).toBe(0)
    expect(room.post.taken).toEqual([])
  })

  test('a job that was begun a moment ago is left to its worker', async () => {
    await room.announce('requested', 'alice')
    await room.owner.query(
      `update graphile_worker._private_jobs set locked_by = 'nobody', locked_at = $1`,
      [new Date()],
    )
    expect(await releaseDeadWorkers(room.owner, new Date())).toBe(0)
    expect(await releaseDeadWorkers(room.owner, inAWhile())).toBe(1)
  })
})

describe('the workers of a running server', () => {
  test('send what is queued while they run, and stop when told', async () => {
    const worker = await startNotifyWorker(room.ports)
    await room.announce('requested')
    await room.post.handedIn(3)
    await worker.stop()
    expect((await room.notices()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent'])
    await room.announce('expired', 'alice')
    expect(await room.jobs()).toBe(1)
  })

  test('send what was queued while nobody ran', async () => {
    await room.announce('requested', 'alice')
    const worker = await startNotifyWorker(room.ports)
    await room.post.handedIn(1)
    await worker.stop()
    expect(await room.notices()).toMatchObject([{ state: 'sent' }])
  })

  test('two servers send each mail once', async () => {
    await room.announce('requested')
    const workers = await Promise.all([
      startNotifyWorker(room.ports),
      startNotifyWorker(room.ports),
    ])
    await room.post.handedIn(3)
    await Promise.all(workers.map((worker) => worker.stop()))
    expect(room.post.taken).toHaveLength(3)
  })

  test('go on after the database ended all their connections', async () => {
    const worker = await startNotifyWorker(room.ports)
    await room.announce('requested', 'alice')
    await room.post.handedIn(1)
    await room.owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'team owner'
         and pid <> pg_backend_pid()`,
    )
    await room.becomes('expired')
    await room.announce('expired', 'alice')
    await room.post.handedIn(2)
    await worker.stop()
    expect(room.post.taken.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Waiting for approval/),
      expect.stringMatching(/^Expired without a decision/),
    ])
  })

  test('are started again when the queue could not be told how a job went', async () => {
    const quiet = vi.spyOn(console, 'trace').mockImplementation(() => undefined)
    onTestFinished(() => quiet.mockRestore())
    const { owner, post } = room
    const broken = Promise.withResolvers<string>()
    room.ports = { ...room.ports, log: { ...room.ports.log, error: broken.resolve } }
    const rename = (from: string, to: string) =>
      owner.query(`alter table graphile_worker.${from} rename to ${to}`)
    const { send } = post
    room.ports = {
      ...room.ports,
      senders: byMail(async (message) => {
        if (room.post.taken.length === 0) await rename('_private_jobs', 'hidden')
        return send(message)
      }),
    }
    await room.announce('requested', 'alice')
    const worker = await startNotifyWorker(room.ports)
    expect(await broken.promise).toMatch(/job workers stopped: .* Starting them again/)
    await rename('hidden', '_private_jobs')
    await room.becomes('expired')
    await room.announce('expired', 'alice')
    // The job of the first mail, and with it its queue, is still locked by the pool that ended.
    await expect.poll(() => releaseDeadWorkers(owner, new Date(Date.now() + 60_000))).toBe(1)
    await room.post.handedIn(2)
    await worker.stop()
    expect((await room.notices()).map(({ state }) => state)).toEqual(['sent', 'sent'])
  })
})
