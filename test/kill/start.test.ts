import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { change } from '#server/store/change.ts'
import { createVault } from '#server/store/vault.ts'
import { createTestDatabase } from '#test/database.ts'
import {
  freePort,
  newFolder,
  type Places,
  readyLine,
  serverEnvironment,
  startSandbox,
  stopPostgres,
} from './installation.ts'
import { Program } from './program.ts'

let folder: string
let places: Places
let programs: Program[] = []

beforeEach(async () => {
  folder = await newFolder()
  const sandboxPort = await freePort()
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  places = { folder, port: await freePort(), sandboxUrl, databaseUrl: null }
})
afterEach(async () => {
  for (const program of programs) program.kill()
  await Promise.all(programs.map(({ ended }) => ended))
  programs = []
  await stopPostgres(folder)
  await rm(folder, { recursive: true, force: true })
})

function start(env: Record<string, string>): Program {
  const program = new Program('server/main.ts', env)
  programs.push(program)
  return program
}

async function sandbox(): Promise<void> {
  programs.push(await startSandbox(folder, Number(new URL(places.sandboxUrl).port)))
}

describe('a mistake in the environment stops the start with a line that names it', () => {
  test.for<[string, Record<string, string>, RegExp]>([
    ['a port that is none', { PORT: 'eighty' }, /^PORT .*eighty.*Example: PORT=8080$/],
    ['no secret', { TEAM_SECRET: '' }, /^TEAM_SECRET is missing\. Example: /],
    [
      'an endpoint that is no address',
      { AWS_ENDPOINT_URL: 'localhost:8090' },
      /^AWS_ENDPOINT_URL .*localhost:8090.*Example/,
    ],
  ])('%s', async ([, wrong, line]) => {
    const { code, complaints } = await start({ ...serverEnvironment(places), ...wrong }).ended
    expect(complaints).toEqual([expect.stringMatching(line)])
    expect(code).toBe(1)
  })

  test('several mistakes are told at once, a line each, and no secret', async () => {
    const wrong = { PORT: '70000', TEAM_SECRET: 'swordfish', LOG_LEVEL: 'loud' }
    const { code, complaints } = await start({ ...serverEnvironment(places), ...wrong }).ended
    expect(complaints.map((line) => line.split(' ', 1)[0]).toSorted()).toEqual(
      Object.keys(wrong).toSorted(),
    )
    expect(complaints.join()).not.toContain('swordfish')
    expect(code).toBe(1)
  })
})

describe('what the environment names and is not there', () => {
  test.for<[string, Record<string, string>, RegExp]>([
    [
      'a group of administrators that does not exist',
      { TEAM_ADMIN_GROUP: 'TEAM admnis' },
      /^TEAM_ADMIN_GROUP "TEAM admnis" is the name of no group/,
    ],
    [
      'a group of auditors that does not exist',
      { TEAM_AUDITOR_GROUP: 'nobody' },
      /^TEAM_AUDITOR_GROUP "nobody" is the name of no group/,
    ],
    ['no group of administrators', { TEAM_ADMIN_GROUP: '' }, /^TEAM_ADMIN_GROUP is missing\./],
  ])('%s', async ([, wrong, line]) => {
    await sandbox()
    const database = await createTestDatabase()
    try {
      const env = serverEnvironment({ ...places, databaseUrl: database.url })
      const { code, complaints } = await start({ ...env, ...wrong }).ended
      expect(complaints).toEqual([expect.stringMatching(line)])
      expect(code).toBe(1)
    } finally {
      await database.drop()
    }
  })
})

test('a TEAM_SECRET that does not open what is sealed stops the start, and the right one still does', async () => {
  await sandbox()
  const database = await createTestDatabase()
  try {
    const env = serverEnvironment({ ...places, databaseUrl: database.url })
    const right = { current: env.TEAM_SECRET ?? '', previous: null }
    const { db } = database
    await change(db, new Date(), (c) =>
      createVault({ db, material: right }).write(c, {
        name: 'slackToken',
        value: 'xoxb-0123456789',
        by: 'ada',
      }),
    )
    const other = 'another secret of the tests, thirty-two bytes and more'
    const wrong = await start({ ...env, TEAM_SECRET: other }).ended
    expect(wrong.complaints).toEqual([
      expect.stringMatching(/^TEAM_SECRET is not what slackToken is sealed with/),
    ])
    expect(wrong.complaints.join()).not.toMatch(/xoxb|of the tests/)
    expect(wrong.code).toBe(1)
    const rotated = start({ ...env, TEAM_SECRET: other, TEAM_SECRET_PREVIOUS: right.current })
    await rotated.says(/secrets were sealed anew/)
    await rotated.says(readyLine)
    rotated.kill()
    await rotated.ended
    const vault = createVault({ db, material: { current: other, previous: null } })
    expect(await vault.read('slackToken')).toBe('xoxb-0123456789')
  } finally {
    for (const program of programs) program.kill()
    await Promise.all(programs.map(({ ended }) => ended))
    await database.drop()
  }
})

test('a second server on the folder of one that runs leaves with one line that names it', async () => {
  await sandbox()
  const first = start(serverEnvironment(places))
  await first.says(readyLine)
  const port = await freePort()
  const second = await start(serverEnvironment({ ...places, port })).ended
  expect(second.complaints).toEqual([expect.stringContaining(`${folder} is already in use by`)])
  expect(second.complaints[0]).toContain('TEAM_DATA_DIR')
  expect(second.code).toBe(1)
  const health = await fetch(`http://127.0.0.1:${places.port}/readyz`)
  expect(health.status).toBe(200)
})

test('a server on the port of another one leaves with one line that names it', async () => {
  await sandbox()
  const database = await createTestDatabase()
  try {
    const env = serverEnvironment({ ...places, databaseUrl: database.url })
    await start(env).says(readyLine)
    const { code, complaints } = await start(env).ended
    expect(complaints).toEqual([expect.stringMatching(`^PORT ${places.port} is in use`)])
    expect(code).toBe(1)
  } finally {
    for (const program of programs) program.kill()
    await Promise.all(programs.map(({ ended }) => ended))
    await database.drop()
  }
})
