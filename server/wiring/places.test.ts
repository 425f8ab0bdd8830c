import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MetadataSource } from '#server/config.ts'
import { checkPlaces } from './places.ts'
import { StartError } from './start-error.ts'
import { connectionOf } from './storage.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'team-places-'))
})
afterEach(() => rm(folder, { recursive: true }))

const atAnAddress: MetadataSource = { kind: 'url', url: 'https://idp.example.com/metadata' }
const faults = async (dataDir: string, metadata: MetadataSource = atAnAddress) => {
  const saml = { metadata, audience: 'urn:team:team.example.com' }
  return checkPlaces({ dataDir, saml })
}

test('a data folder that can be written is left as it is, and one that is missing is made', async () => {
  expect(await faults(folder)).toEqual([])
  expect(await readdir(folder)).toEqual([])
  expect(await faults(join(folder, 'deep', 'er'))).toEqual([])
  expect(await readdir(join(folder, 'deep'))).toEqual(['er'])
})

test('one that cannot be made is told in one line: which, why, and what would be right', async () => {
  await writeFile(join(folder, 'file'), '')
  expect(await faults(join(folder, 'file', 'data'))).toEqual([
    expect.stringMatching(
      /^TEAM_DATA_DIR cannot be written \(ENOTDIR.*data'\): make it a folder that user \S+ may read and write\. Example: TEAM_DATA_DIR=\/var\/lib\/team$/,
    ),
  ])
})

test.each(['intents.jsonl', 'anchor.json'])('so is one whose %s cannot be used', async (name) => {
  await mkdir(join(folder, name))
  expect(await faults(folder)).toEqual([
    expect.stringMatching(new RegExp(`^TEAM_DATA_DIR cannot be written \\(EISDIR.*${name}`)),
  ])
})

test('metadata of SAML that cannot be read is told beside it', async () => {
  await writeFile(join(folder, 'file'), '')
  const path = join(folder, 'missing.xml')
  expect(await faults(join(folder, 'file'), { kind: 'file', path })).toEqual([
    expect.stringMatching(/^TEAM_DATA_DIR cannot be written /),
    expect.stringMatching(
      /^SAML_METADATA_FILE cannot be read \(ENOENT.*missing\.xml'\): make it a file that user \S+ may read\. Example: SAML_METADATA_FILE=\/etc\/team\/identity-center\.xml$/,
    ),
  ])
})

test('authorities of the database that cannot be read are told by the name of the setting', async () => {
  const urlWith = (file: string) =>
    connectionOf({
      databaseUrl: `postgres://team@db.example.com/team?sslmode=verify-full&sslrootcert=${file}`,
      databaseAuth: 'password',
      awsRegion: null,
    })
  const missing = join(folder, 'ca.pem')
  await expect(urlWith(missing)).rejects.toThrow(StartError)
  await expect(urlWith(missing)).rejects.toThrow(
    /^DATABASE_URL names an sslrootcert that cannot be read: ENOENT/,
  )
  await writeFile(missing, '')
  expect(await urlWith(missing)).toContain('ca.pem')
})
