import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '#server/config.ts'
import { parseParameters } from './parameters.ts'
import { environmentOf, readConfigFile, serverEnvironment, withFile } from './read.ts'
import { mistakesIn } from './schema.ts'

/** As it comes with the sample, filled in. */
const sample = `# Copyright 2022 Amazon Web Services, Inc
#
# Licensed under the Apache License, Version 2.0 (the "License");

IDC_LOGIN_URL=https://d-90676dxxxx.awsapps.com/start
REGION=us-east-1
TEAM_ACCOUNT=123456789101
ORG_MASTER_PROFILE=org_master_profile
TEAM_ACCOUNT_PROFILE=team_account_profile
TEAM_ADMIN_GROUP="team_admin_group_name"
TEAM_AUDITOR_GROUP="team_auditor_group_name"
TAGS="project=iam-identity-center-team environment=prod"
CLOUDTRAIL_AUDIT_LOGS=arn:aws:cloudtrail:us-east-1:123456789101:eventdatastore/e646f20d-7959-4682-be84-6c5b8a37cf15
EMAIL_SOURCE=team@example.com
SECRET_NAME=TEAM-IDC-APP
CACHE_TTL=604800

# Uncomment the next line only if you have a custom domain
UI_DOMAIN=portal.teamtest.online
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'team-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

const place = (name: string) => ({ env: {}, folder: join(folder, name) })
async function put(name: string, file: string, text: string) {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, file), text)
  return place(name)
}

describe("the sample's parameters.sh", () => {
  test('gives every variable its meaning, and says which have none here', async () => {
    const { config, notes } = await readConfigFile(
      await put('sample', 'parameters.sh', sample),
      undefined,
    )
    expect(config).toEqual({
      idcLoginUrl: 'https://d-90676dxxxx.awsapps.com/start',
      region: 'us-east-1',
      teamAccount: '123456789101',
      orgMasterProfile: 'org_master_profile',
      teamAccountProfile: 'team_account_profile',
      teamAdminGroup: 'team_admin_group_name',
      teamAuditorGroup: 'team_auditor_group_name',
      tags: { project: 'iam-identity-center-team', environment: 'prod' },
      cloudTrailAuditLogs:
        'arn:aws:cloudtrail:us-east-1:123456789101:eventdatastore/e646f20d-7959-4682-be84-6c5b8a37cf15',
      emailSource: 'team@example.com',
      uiDomain: 'portal.teamtest.online',
    })
    expect(notes).toEqual([
      'SECRET_NAME is not used: nothing is built from a repository',
      'CACHE_TTL is not used: accounts of an OU are not cached',
    ])
  })

  const words: [what: string, line: string, value: string][] = [
    ['quotes of both kinds', `TEAM_ADMIN_GROUP='TEAM "admins" $1'`, 'TEAM "admins" $1'],
    [
      'escapes in double quotes',
      String.raw`TEAM_ADMIN_GROUP="a \"b\" \$c \d"`,
      String.raw`a "b" $c \d`,
    ],
    ['words put together', `TEAM_ADMIN_GROUP=TEAM' 'admins"!"`, 'TEAM admins!'],
    ['export and a comment', 'export TEAM_ADMIN_GROUP=admins # of TEAM', 'admins'],
    ['a # inside a word', 'TEAM_ADMIN_GROUP=a#b', 'a#b'],
    ['Windows line ends', 'TEAM_ADMIN_GROUP=admins\r', 'admins'],
    ['Japanese', 'TEAM_ADMIN_GROUP="管理者"', '管理者'],
  ]
  test.each(words)('is read as a shell reads it: %s', (_, line, value) => {
    expect(parseParameters(line)).toMatchObject({ config: { teamAdminGroup: value }, mistakes: [] })
  })

  const refused: [what: string, line: string, said: RegExp][] = [
    ['a substitution', 'REGION=$(touch /tmp/was-executed)', /line 1 needs a shell/],
    ['backquotes', 'REGION="`whoami`"', /line 1 needs a shell/],
    ['a variable', 'REGION=$AWS_REGION', /line 1 needs a shell/],
    ['a command', 'rm -rf /', /line 1 is not NAME=value; commands are not executed/],
    ['a command after a value', 'REGION=us-east-1 aws s3 ls', /line 1 has more than one word/],
    ['two commands', 'REGION=us-east-1;ls', /line 1 has quotes that do not close, or signs/],
    ['an open quote', 'REGION="us-east-1', /line 1 has quotes that do not close/],
  ]
  test.each(refused)('refuses %s by its line', async (_, line, said) => {
    const at = await put('refused', 'parameters.sh', `${line}\n`)
    await expect(readConfigFile(at, undefined)).rejects.toThrow(said)
  })
})

describe('team.config.json', () => {
  test('says every mistake at once, with what would be right', () => {
    const lines = mistakesIn({
      region: 'Ireland',
      teamAccount: 111122223333,
      emailSource: 'Team',
      team_admin_group: 'x',
      colour: 'red',
      publicUrl: 'http://team.example.com',
      cloudTrailAuditLogs: 'all',
      samlMetadataUrl: 'https://idp.example.com/m',
      samlMetadataFile: 'm.xml',
    })
    expect(lines.sort()).toEqual([
      'cloudTrailAuditLogs is neither read_write, read, write, none nor the ARN of an event data store (it is "all"). Example: "cloudTrailAuditLogs": "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/e646f20d-7959-4682-be84-6c5b8a37cf15"',
      'colour is not known',
      'emailSource is not one e-mail address (it is "Team"). Example: "emailSource": "team@example.com"',
      'publicUrl is not a URL that begins with https:// (http:// only on loopback) (it is "http://team.example.com"). Example: "publicUrl": "https://team.example.com"',
      'region is not the name of an AWS Region (it is "Ireland"). Example: "region": "eu-west-1"',
      'teamAccount is not text (it is 111122223333). Example: "teamAccount": "111122223333"',
      'team_admin_group is not known; is teamAdminGroup meant?',
    ])
  })

  test('says where a word belongs that stands in another place', () => {
    const deploy = {
      image: 'team:0.1.0',
      identityCenter: {
        instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
        identityStoreId: 'd-1234567890',
      },
      certificateArn:
        'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f',
    }
    const lines = mistakesIn({
      copies: 2,
      deploy: { ...deploy, cloudTrailAuditLogs: 'read', log_days: 90, colour: 'red' },
    })
    expect(lines.sort()).toEqual([
      'copies is not known here; "copies" stands inside "deploy"',
      'deploy.cloudTrailAuditLogs is not known here; "cloudTrailAuditLogs" stands at the top of the file',
      'deploy.colour is not known',
      'deploy.log_days is not known; is logDays meant?',
    ])
  })

  test('refuses two places of the metadata', () => {
    const both = { samlMetadataUrl: 'https://idp.example.com/m', samlMetadataFile: 'm.xml' }
    expect(mistakesIn(both)).toEqual([
      expect.stringMatching(/^samlMetadataUrl and samlMetadataFile are both set; set one of them/),
    ])
  })

  test('comes before parameters.sh, and a named file before both', async () => {
    const at = await put('both', 'parameters.sh', 'REGION=us-east-1\n')
    await put('both', 'team.config.json', '{"region":"eu-west-1"}')
    await put('both', 'other.json', '{"region":"ap-northeast-1"}')
    expect((await readConfigFile(at, undefined)).config.region).toBe('eu-west-1')
    expect((await readConfigFile(at, 'other.json')).config.region).toBe('ap-northeast-1')
    const env = { TEAM_CONFIG: 'parameters.sh' }
    expect((await readConfigFile({ ...at, env }, undefined)).config.region).toBe('us-east-1')
    await expect(readConfigFile(at, 'nowhere.json')).rejects.toThrow(/nowhere\.json cannot be read/)
  })
})

describe('the server started from it', () => {
  const config = {
    region: 'eu-west-1',
    uiDomain: 'team.example.com',
    teamAccountProfile: 'team-account',
    teamAdminGroup: 'TEAM admins',
    samlMetadataUrl: 'https://idp.example.com/metadata',
  }

  test('has the settings of the file', async () => {
    const at = await put('served', 'team.config.json', JSON.stringify(config))
    const env = { TEAM_SECRET: 'thirty-two bytes and more of a secret' }
    const read = readConfig(await serverEnvironment({ ...at, env }, undefined))
    expect(read).toMatchObject({
      awsRegion: 'eu-west-1',
      publicUrl: 'https://team.example.com',
      adminGroup: 'TEAM admins',
      saml: {
        metadata: { kind: 'url', url: 'https://idp.example.com/metadata' },
        audience: 'urn:team:team.example.com',
      },
    })
  })

  test('finds a metadata file beside the configuration', async () => {
    const at = await put('beside', 'team.config.json', '{"samlMetadataFile":"idp.xml"}')
    const { config: read } = await readConfigFile(
      { env: {}, folder: '/' },
      join(at.folder, 'team.config.json'),
    )
    expect(environmentOf(read)).toEqual({ SAML_METADATA_FILE: join(at.folder, 'idp.xml') })
  })

  test('obeys its environment first', () => {
    const env = { AWS_REGION: 'us-west-2', SAML_METADATA_FILE: '/etc/m.xml', TEAM_ADMIN_GROUP: ' ' }
    expect(withFile(env, config)).toMatchObject({
      AWS_REGION: 'us-west-2',
      AWS_PROFILE: 'team-account',
      TEAM_ADMIN_GROUP: 'TEAM admins',
      SAML_METADATA_FILE: '/etc/m.xml',
    })
    expect(withFile(env, config)).not.toHaveProperty('SAML_METADATA_URL')
  })

  test("leaves a person's profile out where credentials are given", () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']) {
      expect(withFile({ [name]: 'x' }, config)).not.toHaveProperty('AWS_PROFILE')
    }
  })
})
