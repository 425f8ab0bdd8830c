import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepare } from '#server/prepare-database.ts'
import { databaseNow, openDatabase } from '#server/store/database.ts'
import { migrate } from '#server/store/migrate.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/store/postgres/embedded.ts'
import { openRds, type RdsStandIn, rdsRegion } from '#test/rds-stand-in.ts'
import { iamConnection } from './iam-connection.ts'

// Users belong to a whole server, so these tests have one of their own.
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'k'.repeat(40) }
const master = { user: 'master', password: 'of the master user' }
const quiet = { info: () => undefined, warn: () => undefined }
let folder: string
let server: EmbeddedPostgres
let rds: RdsStandIn
let authorities: string

beforeAll(async () => {
  folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'team-iam-'))
  await chmod(folder, 0o755)
  server = await startEmbeddedPostgres({ dataDir: folder, log: quiet, durable: false })
  const superuser = new pg.Client(server.connectionStringFor('postgres', 'postgres'))
  await superuser.connect()
  // As RDS gives it: no superuser, who may make roles and databases.
  await superuser.query('create role rds_iam nologin; create role master login createrole createdb')
  await superuser.query('grant rds_iam to master with admin option, inherit false, set false')
  await superuser.query('create database installed owner master')
  await superuser.end()
  rds = await openRds({
    behind: server.connectionStringFor('installed'),
    iamUsers: ['team'],
    passwords: { master: master.password },
    credentials,
  })
  authorities = join(folder, 'authorities.pem')
  await writeFile(authorities, rds.certificate)
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey
})
afterAll(async () => {
  delete process.env.AWS_ACCESS_KEY_ID
  delete process.env.AWS_SECRET_ACCESS_KEY
  await rds.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const urlOf = (user: string) => rds.url(user, { sslrootcert: authorities })

const environment = () => ({
  AWS_REGION: rdsRegion,
  SAML_METADATA_URL: 'https://idp.example.com/metadata',
  TEAM_SECRET: 's'.repeat(40),
  DATABASE_URL: urlOf('team'),
  DATABASE_AUTH: 'iam',
})

const withMaster = () => ({
  ...environment(),
  DATABASE_MASTER_USER: master.user,
  DATABASE_MASTER_PASSWORD: master.password,
})

test('without the master user a new database is not prepared, and that is said in one line', async () => {
  await expect(prepare(environment())).rejects.toThrow(/^DATABASE_MASTER_USER or .* is missing/)
})

test('the master user prepares a new database once, and TEAM migrates and works in it by tokens', async () => {
  expect(await prepare(withMaster())).toBe(
    [
      'The database is prepared for team:',
      'create role "team" login',
      'create role team_app nologin',
      'grant team_app to "team" with inherit false, set true',
      'grant "team" to current_user with inherit false, set true',
      'alter database "installed" owner to "team"',
      'revoke "team" from current_user',
      'grant rds_iam to "team"',
    ].join('\n  '),
  )
  const connection = await iamConnection(urlOf('team'), rdsRegion)
  await migrate({ connection })
  const database = openDatabase({ connection, log: quiet })
  const believed = rds.tokens.length
  expect(await databaseNow(database.db)).toBeInstanceOf(Date)
  await database.owner.query('select 1')
  await database.close()
  expect(rds.tokens.length).toBe(believed + 2)
  // The master user's password is needed no more.
  expect(await prepare(environment())).toBe('The database is prepared already.')
})

const refused: [what: string, connection: () => Promise<pg.ClientConfig>, why: RegExp][] = [
  [
    "another account's credentials",
    async () => {
      process.env.AWS_SECRET_ACCESS_KEY = 'another'
      return (await iamConnection(urlOf('team'), rdsRegion)) as pg.ClientConfig
    },
    /PAM authentication failed/,
  ],
  [
    'a token for another Region',
    async () => (await iamConnection(urlOf('team'), 'us-east-1')) as pg.ClientConfig,
    /PAM authentication failed/,
  ],
  [
    "a certificate that none of Amazon's authorities signed",
    async () => (await iamConnection(rds.url('team'), rdsRegion)) as pg.ClientConfig,
    /self-signed certificate/,
  ],
  [
    'a certificate for another host',
    async () => ({
      ...((await iamConnection(urlOf('team'), rdsRegion)) as pg.ClientConfig),
      host: '127.0.0.1',
    }),
    /does not match certificate/,
  ],
]
for (const [what, connection, why] of refused) {
  test(`there is no connection with ${what}`, async () => {
    const client = new pg.Client(await connection())
    try {
      await expect(client.connect()).rejects.toThrow(why)
    } finally {
      process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey
      await client.end()
    }
  })
}

test('authorities that cannot be read are told by the name of the setting', async () => {
  const url = rds.url('team', { sslrootcert: '/nowhere.pem' })
  await expect(iamConnection(url, rdsRegion)).rejects.toThrow(/^DATABASE_URL names an sslrootcert/)
})
