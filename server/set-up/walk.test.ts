/**
 * docs/operate/install.md, walked: from an organisation in which nothing has been set up to a person
 * who is signed in, with the commands of the page and nothing else.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { freePort } from '#test/kill/installation.ts'
import { Program } from '#test/kill/program.ts'
import { Person } from '#test/person.ts'
import {
  createSetUpWorld,
  grantWishes,
  registerByHand,
  type SetUpWorld,
} from '#test/set-up-world.ts'
import { teamServices } from './init.ts'

let world: SetUpWorld
let database: TestDatabase
let server: Program | null = null
beforeAll(async () => {
  world = await createSetUpWorld({ bare: true })
  database = await createTestDatabase({ empty: true })
})
afterAll(async () => {
  server?.kill()
  await server?.ended
  await world.close()
  await database.drop()
})

test('from an empty organisation to somebody signed in', async () => {
  const account = world.ids.account('Audit')
  const port = await freePort()
  const teamUrl = `http://127.0.0.1:${port}`
  await world.writeConfig({
    region: 'us-east-1',
    publicUrl: teamUrl,
    teamAccount: account,
    orgMasterProfile: 'org-master',
    teamAccountProfile: 'team-account',
    teamAdminGroup: 'TEAM admins',
    teamAuditorGroup: 'TEAM auditors',
    idcLoginUrl: `${world.sandbox.url}/start`,
    emailSource: 'team@example.net',
  })
  world.env.DATABASE_URL = database.url
  world.env.TEAM_SECRET = 'thirty-two bytes and more of a secret'

  expect((await world.team('init')).out).toMatch(/Done\. Next: team integration$/)
  expect((await world.team('init')).out).toMatch(/Nothing had to be changed\.$/)
  const delegated = await delegatedByAwsCli(account)
  if (delegated === null) console.log('The AWS CLI is not installed, so it is not asked')
  else expect(delegated).toEqual(teamServices.map(({ principal }) => principal))
  await registerByHand(world, (await world.team('integration')).out)
  const metadataUrl = `${world.sandbox.url}/saml/metadata/team`
  expect((await world.team('idp', '--metadata-url', metadataUrl)).code).toBe(0)

  await grantWishes(world)
  const { code, findings } = await world.doctor()
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(code).toBe(0)

  const { AWS_EC2_METADATA_DISABLED: _, ...env } = world.env
  server = new Program(
    'server/team.ts',
    { ...env, PORT: String(port), TEAM_CONFIG: `${world.folder}/team.config.json` },
    ['serve'],
  )
  await server.says(/TEAM is ready at/)
  const admin = new Person({ teamUrl, sandboxUrl: world.sandbox.url })
  expect(await admin.signIn('test-admin')).toMatchObject({
    userName: 'test-admin',
    roles: expect.arrayContaining(['admin']),
  })
}, 90_000)

/** Somebody else's client; null where it is not installed. */
async function delegatedByAwsCli(account: string): Promise<string[] | null> {
  const args = ['--endpoint-url', world.sandbox.url, '--profile', 'org-master', '--output', 'json']
  const asked = ['organizations', 'list-delegated-services-for-account', '--account-id', account]
  const env = { PATH: process.env.PATH, AWS_PAGER: '', ...world.awsEnv }
  const said = await promisify(execFile)('aws', [...args, ...asked], { env }).catch(
    (error: { code: unknown }) => {
      if (error.code === 'ENOENT') return null
      throw error
    },
  )
  if (said === null) return null
  const { DelegatedServices } = JSON.parse(said.stdout) as {
    DelegatedServices: { ServicePrincipal: string }[]
  }
  return DelegatedServices.map(({ ServicePrincipal }) => ServicePrincipal)
}
