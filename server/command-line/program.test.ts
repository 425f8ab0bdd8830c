import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInFolder } from '#test/command-line.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'team-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

const team = (...args: string[]) => runInFolder(folder, args)

/** As its own help lists them. */
async function commands(): Promise<string[]> {
  const { out } = await team('--help')
  const listed = out.slice(out.indexOf('Commands:'))
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].flatMap(([, name]) => name ?? [])
  return names.filter((name) => name !== 'help' && name !== 'complete')
}

test('the help lists every command, and each has help with an example and --json', async () => {
  const names = await commands()
  expect(names).toEqual(expect.arrayContaining(['init', 'idp', 'doctor', 'serve', 'recover']))
  for (const name of names) {
    const words = name === 'audit' ? ['audit', 'verify'] : [name]
    const { code, out } = await team(...words, '--help')
    expect([name, code]).toEqual([name, 0])
    expect(out).toMatch(/--json/)
    expect(out).toMatch(/\nExample:\n {2}.*team /)
  }
})

describe('misuse leaves with 2 and says what is wrong:', () => {
  const misuses: [string[], RegExp][] = [
    [['nonsense'], /unknown command 'nonsense'/],
    [['init', '--fast'], /unknown option '--fast'/],
    [['init', 'extra'], /too many arguments/],
    [['recover'], /Say one of --intents, --forget-secrets, --admin-group and --second-admin off/],
    [['recover', '--intents', '--forget-secrets'], /Say one of/],
    [['recover', '--second-admin', 'on'], /Allowed choices are off/],
    [['import'], /Say --from-sample/],
    [['import', '--from-sample', '--write'], /Say with --as/],
    [['import', '--from-sample', '--export', '.', '--tables', 'a'], /are about DynamoDB/],
    [['audit', 'verify'], /missing required argument 'file'/],
    [['integration', '--config', 'nowhere.json'], /nowhere\.json cannot be read/],
  ]
  test.each(misuses)('%s', async (args, said) => {
    const { code, text, out } = await team(...args)
    expect([code, text]).toEqual([2, expect.stringMatching(said)])
    expect(out).toBe('')
  })
})

test('a refusal leaves with 1; with --json it is JSON, too', async () => {
  const refused = await team('integration')
  expect(refused).toMatchObject({ code: 1, out: '', text: expect.stringMatching(/"publicUrl"/) })
  const { code, out } = await team('integration', '--json')
  expect([code, JSON.parse(out)]).toEqual([
    1,
    { error: { message: expect.stringMatching(/"publicUrl"/) } },
  ])
})

test('a server that lacks its settings is told each of them in a line, as by npm start', async () => {
  const { code, text } = await team('recover', '--intents')
  expect(code).toBe(1)
  expect(text.split('\n').map((line) => line.split(' ', 1)[0])).toEqual([
    'AWS_REGION',
    'SAML_METADATA_URL',
    'TEAM_SECRET',
  ])
})

test('what the console needs is printed for people and for programs', async () => {
  const env = { PUBLIC_URL: 'https://team.example.com', AWS_REGION: 'eu-west-1' }
  const { out } = await runInFolder(folder, ['integration', '--json'], env)
  expect(JSON.parse(out)).toEqual({
    applicationStartURL: 'https://team.example.com/auth/login',
    applicationACSURL: 'https://team.example.com/auth/saml/acs',
    applicationSAMLAudience: 'urn:team:team.example.com',
    attributes: {
      Subject: { value: '${user:subject}', format: 'persistent' },
      Email: { value: '${user:email}', format: 'basic' },
    },
    consoleUrl: 'https://eu-west-1.console.aws.amazon.com/singlesignon/home?region=eu-west-1',
  })
  const words = await runInFolder(folder, ['integration'], { ...env, PUBLIC_URL: 'team' })
  expect(words).toMatchObject({ code: 1, text: expect.stringMatching(/PUBLIC_URL is not a URL/) })
})
