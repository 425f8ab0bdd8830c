import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { erasePerson } from '#server/audit/erase.ts'
import { verifyChain } from '#server/audit/verify.ts'
import { ownerOver } from '#server/store/database.ts'
import { approverPolicies, eligibilityPolicies } from '#server/store/policies.ts'
import { loadSettings } from '#server/store/settings.ts'
import { control } from '#test/aws-clients.ts'
import { runInFolder } from '#test/command-line.ts'
import { createWorld, groups, people, type World } from '#test/factory.ts'
import {
  damagedItems,
  manyRequests,
  sampleInstallation,
  slackToken,
  type Tables,
} from '#test/sample-installation.ts'
import { surveyAndWrite } from './command.ts'
import { openExport } from './export-folder.ts'

let sandbox: Sandbox
let folder: string
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 })
})
afterAll(() => sandbox.close())

let world: World
beforeEach(async () => {
  world = await createWorld()
  folder = await mkdtemp(join(tmpdir(), 'team-import-'))
})
afterEach(async () => {
  await world.close()
  await rm(folder, { recursive: true })
})

async function load(tables: Partial<Tables>, ending = 'abc123-main') {
  for (const [name, items] of Object.entries(tables)) {
    await control(sandbox, 'POST', 'tables', { name: `${name}-${ending}`, items })
  }
}

/** From the tables in DynamoDB, with the program's own way to the database. */
async function team(...args: string[]) {
  const aws = {
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: delegatedAdministrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: delegatedAdministrator.secretAccessKey,
  }
  Object.assign(process.env, aws)
  try {
    return await runInFolder(folder, ['import', '--from-sample', ...args], {
      ...aws,
      AWS_REGION: 'us-east-1',
      DATABASE_URL: world.database.url,
      SAML_METADATA_URL: 'https://portal.example.com/metadata',
      TEAM_SECRET: 's'.repeat(32),
    })
  } finally {
    for (const name of Object.keys(aws)) delete process.env[name]
  }
}

/** Of a folder of files, in this process, at the world's time. */
async function importFolder(options: { write?: boolean; as?: string } = {}) {
  const source = await openExport(folder)
  return surveyAndWrite(world.ports, source, {
    options: { write: true, as: 'ada@example.com', ...options },
    progress: () => undefined,
  })
}

async function exported(tables: Partial<Tables>) {
  for (const [name, Items] of Object.entries(tables)) {
    await writeFile(join(folder, `${name}.json`), JSON.stringify({ Items, Count: Items.length }))
  }
}

/** What is in force after it, to be read. */
async function inForce(): Promise<string> {
  const { settings } = await loadSettings(world.db)
  const { maxDurationMinutes, requestExpiryMinutes, ticketRequired, commentRequired } = settings
  const { emailSource, ticketRequiredForPolicies } = settings
  const shown = { maxDurationMinutes, requestExpiryMinutes, ticketRequired, commentRequired }
  const policies = [
    ...(await approverPolicies.all(world.db)),
    ...(await eligibilityPolicies.all(world.db)),
  ]
  const lines = policies.map(({ id: _, ...policy }) => JSON.stringify(policy)).toSorted()
  return [
    JSON.stringify({ ...shown, ticketRequiredForPolicies, emailSource }),
    ...lines,
    ...(await world.events())
      .filter(({ action }) => action === 'import.request')
      .map(({ payload }) => JSON.stringify(payload)),
  ].join('\n')
}

describe('from the tables of an installation with every oddity', () => {
  beforeEach(() => load(sampleInstallation))

  test('the report says what each row becomes and what differs, and nothing is written', async () => {
    const { code, text } = await team()
    expect(code).toBe(0)
    await expect(text).toMatchFileSnapshot('../../test/snapshots/import-report.txt')
    expect(await world.events()).toEqual([])
  })

  test('what is written is what the report said, and a second time writes nothing', async () => {
    const first = await team('--write', '--as', 'ada@example.com')
    expect(first.out).toMatch(/^Written: 5 settings, 8 policies, 6 past requests as history\.\n/)
    expect(first.text).toContain('CANNOT BE TAKEN OVER')
    await expect(await inForce()).toMatchFileSnapshot('../../test/snapshots/import-result.txt')
    const before = await world.events()
    const second = await team('--write', '--as', 'ada@example.com')
    expect(second.out).toBe('Everything was taken over before. Nothing was written.')
    expect(await world.events()).toEqual(before)
  })

  test('what cannot be taken over stays in the trail as it was, with table, key, field and reason', async () => {
    const { text } = await team('--write', '--as', 'ada@example.com', '--json')
    const [finish] = (await world.events()).filter(({ action }) => action === 'import.finish')
    expect(finish?.payload.notTaken).toMatchObject(
      expect.arrayContaining([
        {
          table: 'Eligibility',
          key: groups.auditors,
          item: expect.objectContaining({ duration: 'four', approvalRequired: 'yes' }),
          problems: expect.arrayContaining([
            {
              table: 'Eligibility',
              key: groups.auditors,
              field: 'duration',
              reason: 'is not a number of hours (it is four)',
            },
          ]),
        },
      ]),
    )
    // The settings are in the trail as they were, too, but not their secret.
    const { rows } = await world.database.owner.query('select payload from audit_event')
    expect(`${text}${JSON.stringify(rows)}`).not.toContain(slackToken)
    expect(text).toContain('slack_anew')
  })
})

test('a scan that is throttled goes on where it was; one that stays so says it in AWS’s words', async () => {
  await load({ ...sampleInstallation, requests: manyRequests(30) })
  const throttled = { operation: 'Scan', error: 'ProvisionedThroughputExceededException' }
  await control(sandbox, 'POST', 'faults', { ...throttled, times: 1 })
  expect((await team()).text).toContain('30 to be kept as history')
  await control(sandbox, 'POST', 'faults', { operation: 'Scan', error: 'AccessDeniedException' })
  const refused = await team('--write', '--as', 'ada@example.com')
  await control(sandbox, 'DELETE', 'faults')
  expect(refused).toMatchObject({
    code: 1,
    text: 'DynamoDB: AccessDeniedException: Injected AccessDeniedException',
  })
  expect(await world.events()).toEqual([])
})

test('of two installations one must be named; without any it says where it looked', async () => {
  await load(sampleInstallation, 'abc123-main')
  await load(sampleInstallation, 'def456-test')
  expect((await team()).text).toContain('abc123-main, def456-test. Say one of them with --tables')
  expect((await team('--tables', 'def456-test')).code).toBe(0)
  expect((await team('--tables', 'other')).code).toBe(1)
})

describe('from an export', () => {
  test('of scans, of files for S3, as they are and gzipped, the same is read', async () => {
    await exported({ Approvers: sampleInstallation.Approvers })
    const lines = (items: object[]) => items.map((Item) => JSON.stringify({ Item })).join('\n')
    const folders = join(folder, 'AWSDynamoDB', '01690000000000-a1b2c3d4', 'data')
    await mkdir(folders, { recursive: true })
    await writeFile(
      join(folders, '..', 'manifest-summary.json'),
      '{"tableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/Eligibility-abc123-main"}',
    )
    await writeFile(join(folders, 'a.json.gz'), gzipSync(lines(sampleInstallation.Eligibility)))
    await writeFile(join(folder, 'requests-1.json'), lines(sampleInstallation.requests))
    await writeFile(join(folder, 'settings.json'), lines(sampleInstallation.Settings))
    const answer = await importFolder({ write: false })
    await load(sampleInstallation, 'abc123-main')
    const live = await team('--tables', 'abc123-main')
    const rest = (text: string) => text.slice(text.indexOf('\n'))
    expect(rest(answer.text)).toBe(rest(live.text))
  })

  test('a row that is damaged is told with what stands in it, and keeps no other away', async () => {
    await exported({ ...sampleInstallation, requests: [...manyRequests(2), ...damagedItems] })
    const { text, json } = await importFolder()
    expect(text).toContain('2 past requests')
    expect(json).toMatchObject({
      problems: [
        { table: 'requests', key: 'item 3', field: 'id', reason: /a row without an id/ },
        { table: 'requests', key: 'item 5', field: 'id' },
        { table: 'requests', key: 'r-broken', field: '', reason: /unknown type XYZ: .*"ended"/ },
      ].map(({ reason, ...rest }) => ({
        ...rest,
        ...(reason && { reason: expect.stringMatching(reason) }),
      })),
    })
    expect(JSON.stringify(json)).not.toContain(slackToken)
    // Nobody could find it to erase it.
    expect(JSON.stringify(await world.events())).not.toContain('a row without an id')
  })

  test('what is not in it is left alone: without the settings no setting is changed', async () => {
    await exported({ Approvers: sampleInstallation.Approvers })
    await importFolder()
    expect(await world.events('settings')).toEqual([])
    expect((await approverPolicies.all(world.db)).length).toBe(4)
  })

  test('a file that cannot be read whole is refused, and nothing is written', async () => {
    await exported(sampleInstallation)
    const cut = gzipSync(JSON.stringify({ Item: { id: { S: 'r-1' } } })).subarray(0, -8)
    await writeFile(join(folder, 'requests-2.json.gz'), cut)
    await expect(importFolder()).rejects.toThrow(/requests-2\.json\.gz is not gzip/)
    await writeFile(join(folder, 'requests-2.json.gz'), gzipSync('{"Item": {'))
    await expect(importFolder()).rejects.toThrow(/line 1 is not JSON/)
    expect(await world.events()).toEqual([])
  })
})

test('an import that dies half way goes on where it was, and keeps each thing once', async () => {
  await exported({ ...sampleInstallation, requests: manyRequests(450) })
  let changes = 0
  const { now } = world.clock
  const dying = {
    now: () => {
      changes += 1
      if (changes > 6) throw new Error('the power is gone')
      return now()
    },
  }
  const ports = { ...world.ports, clock: dying }
  const options = { write: true, as: 'ada@example.com' }
  const source = await openExport(folder)
  const dead = surveyAndWrite(ports, source, { options, progress: () => undefined })
  await expect(dead).rejects.toThrow('the power is gone')
  const taken = (await world.events()).filter(({ action }) => action === 'import.take').length
  expect(taken).toBeGreaterThan(0)
  const { text } = await importFolder()
  expect(text).toContain('450 past requests')
  const events = await world.events()
  const count = (action: string) => events.filter((one) => one.action === action).length
  expect([count('import.take'), count('import.request'), count('import.finish')]).toEqual([
    10, 450, 1,
  ])
  expect((await importFolder()).text).toBe('Everything was taken over before. Nothing was written.')
  expect(await verifyChain(world.db)).toMatchObject({ ok: true })
})

test('two imports at once write each thing once', async () => {
  await exported({ ...sampleInstallation, requests: manyRequests(250) })
  await Promise.all([importFolder(), importFolder()])
  const events = await world.events()
  const count = (action: string) => events.filter((one) => one.action === action).length
  expect([count('import.take'), count('import.request')]).toEqual([10, 250])
})

test('what an administrator changed or deleted since is left so', async () => {
  await exported(sampleInstallation)
  await importFolder()
  await world.settings({ maxDurationMinutes: 60 })
  const [policy] = await eligibilityPolicies.all(world.db)
  await world.removePolicy(policy!.id)
  const before = await eligibilityPolicies.all(world.db)
  await importFolder()
  expect((await loadSettings(world.db)).settings.maxDurationMinutes).toBe(60)
  expect(await eligibilityPolicies.all(world.db)).toEqual(before)
})

test('only an administrator lends their name, and what widens access is told as theirs', async () => {
  await exported(sampleInstallation)
  await expect(importFolder({ as: 'alice@example.com' })).rejects.toThrow(/no administrator/)
  await expect(importFolder({ as: 'nobody' })).rejects.toThrow(/no administrator/)
  await importFolder()
  expect(world.bulletins.map(({ event }) => event)).toContain('rules_changed')
  const [created] = await world.db
    .selectFrom('audit_event')
    .select(['actor_type', 'actor_name'])
    .where('action', '=', 'eligibility-policy.create')
    .execute()
  expect(created).toEqual({
    actor_type: 'system',
    actor_name: 'team import, in the name of ada@example.com',
  })
  // What makes it theirs for thirty days.
  const authors = await world.db.selectFrom('policy_version').select('changed_by').execute()
  expect(new Set(authors.map(({ changed_by: by }) => by))).toEqual(new Set([people.ada]))
})

test('with a second administrator the policies wait as proposals, and are not proposed twice', async () => {
  await world.settings({ secondAdmin: true })
  await exported(sampleInstallation)
  const { text } = await importFolder()
  expect(text).toContain('wait for a second administrator')
  expect(await eligibilityPolicies.all(world.db)).toEqual([])
  expect((await importFolder()).text).toContain('Nothing was written')
})

test('a past request is nobody’s to act on, and a person’s are erased with their words', async () => {
  await exported(sampleInstallation)
  await importFolder()
  const rows = await world.db.selectFrom('request').select('request_id').execute()
  expect(rows).toEqual([])
  const jobs = await world.db.selectFrom('ledger_key').select('key_id').execute()
  expect(jobs).toEqual([])
  const ports = { ...world.ports, owner: ownerOver(world.database.owner) }
  const actor = await world.actor('ada')
  await erasePerson(ports, { actor, userId: people.alice, reason: 'asked for it' })
  const past = (await world.events()).filter(({ action }) => action === 'import.request')
  expect(past.filter(({ payload }) => payload.requester !== undefined)).toMatchObject([
    { payload: { requester: 'Zoe', requesterId: null } },
  ])
  expect(await verifyChain(world.db)).toMatchObject({ ok: true })
})
