import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeKeyPair } from '#server/http/sign-in/test-certificate.ts'
import { createSetUpWorld, type SetUpWorld } from '#test/set-up-world.ts'

let world: SetUpWorld
let metadataUrl: string
beforeEach(async () => {
  world = await createSetUpWorld({ bare: true })
  metadataUrl = `${world.sandbox.url}/saml/metadata/team`
  await world.writeConfig({ region: 'us-east-1', teamAdminGroup: 'TEAM admins' })
})
afterEach(() => world.close())

const dayMs = 24 * 60 * 60 * 1000
const inDays = (days: number) => new Date(Date.now() + days * dayMs)
const certificate = (until: number, from = -30) =>
  makeKeyPair({ from: inDays(from), until: inDays(until) }).certificate

async function put(name: string, certificates: readonly string[], change = (xml: string) => xml) {
  const xml = await (await fetch(metadataUrl)).text()
  const [, descriptor = ''] = /(<md:KeyDescriptor[\s\S]*<\/md:KeyDescriptor>)/.exec(xml) ?? []
  const keys = certificates.map((one) => descriptor.replace(/(X509Certificate>)[^<]+/, `$1${one}`))
  await writeFile(join(world.folder, name), change(xml.replace(descriptor, keys.join(''))))
}

const saved = () => readFile(join(world.folder, 'identity-center.xml'), 'utf8')

test('an address is judged, then written into the configuration, whose rest stays', async () => {
  const { code, out } = await world.team('idp', '--metadata-url', metadataUrl)
  expect(code).toBe(0)
  expect(out).toMatch(/Certificate 1 {6}valid until 2049-12-31, SHA-256 [0-9A-F:]{95}/)
  expect(await world.readConfig()).toEqual({
    region: 'us-east-1',
    teamAdminGroup: 'TEAM admins',
    samlMetadataUrl: metadataUrl,
  })
  const again = await world.team('idp')
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/this is what is configured/) })
})

test("the sample's details.json is read, and beside parameters.sh it is where the address is kept", async () => {
  await writeFile(join(world.folder, 'their.json'), JSON.stringify({ MetadataURL: metadataUrl }))
  await writeFile(join(world.folder, 'parameters.sh'), 'REGION=us-east-1\n')
  const args = ['--config', 'parameters.sh', '--details', 'their.json']
  expect((await world.team('idp', ...args)).code).toBe(0)
  const details = JSON.parse(await readFile(join(world.folder, 'details.json'), 'utf8'))
  expect(details).toEqual({ MetadataURL: metadataUrl })
  const { out } = await world.team('idp', '--config', 'parameters.sh', '--json')
  expect(JSON.parse(out)).toMatchObject({ metadata: metadataUrl, saved: null })
})

test('a file is copied beside the configuration, which names the copy', async () => {
  await put('download.xml', [certificate(1000)])
  expect((await world.team('idp', '--metadata-file', 'download.xml')).code).toBe(0)
  expect(await saved()).toBe(await readFile(join(world.folder, 'download.xml'), 'utf8'))
  expect(await world.readConfig()).toMatchObject({ samlMetadataFile: 'identity-center.xml' })
  expect(await world.readConfig()).not.toHaveProperty('samlMetadataUrl')
})

describe('while a certificate is replaced', () => {
  const [former, next] = [certificate(20), certificate(1800, -1)]
  beforeEach(async () => {
    await put('former.xml', [former])
    expect((await world.team('idp', '--metadata-file', 'former.xml')).code).toBe(0)
  })

  test('the former goes on being believed beside the new one', async () => {
    await put('next.xml', [next])
    const { code, out } = await world.team('idp', '--metadata-file', 'next.xml', '--keep-previous')
    expect(code).toBe(0)
    expect(out).toMatch(/Certificate 1 .*\nCertificate 2 .*\nBoth certificates are believed/)
    const xml = await saved()
    expect([xml.includes(former), xml.includes(next)]).toEqual([true, true])
    const finished = await world.team('idp', '--metadata-file', 'next.xml')
    expect(finished.out).not.toMatch(/Certificate 2/)
    expect(await saved()).not.toContain(former)
  })

  test('a third is not', async () => {
    await put('both.xml', [former, next])
    await world.team('idp', '--metadata-file', 'both.xml')
    await put('third.xml', [certificate(900)])
    const args = ['idp', '--metadata-file', 'third.xml', '--keep-previous']
    expect(await world.team(...args)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/there would be 3 certificates, and at most 2/),
    })
    expect(await saved()).toContain(next)
  })

  test('nor is one of another application', async () => {
    await put('other.xml', [next], (xml) => xml.replaceAll('/assertion/team', '/assertion/other'))
    const args = ['idp', '--metadata-file', 'other.xml', '--keep-previous']
    expect((await world.team(...args)).text).toMatch(/is of another application/)
  })
})

const warned: [what: string, days: number, warning: RegExp | null][] = [
  ['61 days before', 61.5, null],
  ['59 days before', 59.5, /ends on \d{4}-\d\d-\d\d, in 59 days\. .*Generate new certificate/],
]
test.each(warned)('its end is said in time: %s', async (_, days, warning) => {
  await put('m.xml', [certificate(days)])
  const { code, out } = await world.team('idp', '--metadata-file', 'm.xml', '--json')
  const { warnings } = JSON.parse(out)
  expect([code, warnings]).toEqual([0, warning === null ? [] : [expect.stringMatching(warning)]])
})

test('of two certificates the later one counts', async () => {
  await put('m.xml', [certificate(5), certificate(1000)])
  const { out } = await world.team('idp', '--metadata-file', 'm.xml', '--json')
  expect(JSON.parse(out).warnings).toEqual([])
})

const refused: [what: string, change: (xml: string) => string, days: number, said: RegExp][] = [
  ['whose certificate has ended', (xml) => xml, -1, /No signing certificate is valid now/],
  [
    'without a sign-in address that TEAM can use',
    (xml) => xml.replaceAll('HTTP-Redirect', 'HTTP-Artifact'),
    100,
    /no sign-in address with the HTTP-Redirect binding/,
  ],
  ['that is a page for people', () => '<!doctype html><p>Sign in</p>', 100, /DOCTYPE/],
  ['that is cut off', (xml) => xml.slice(0, 300), 100, /not well-formed/],
]
test.each(refused)('metadata is refused and nothing written: %s', async (_, change, days, said) => {
  await put('m.xml', [certificate(days)], change)
  const { code, text } = await world.team('idp', '--metadata-file', 'm.xml')
  expect([code, text]).toEqual([1, expect.stringMatching(said)])
  expect(await world.readConfig()).not.toHaveProperty('samlMetadataFile')
})

const misuses: [string[], RegExp][] = [
  [[], /Say where the metadata is/],
  [['--metadata-url', 'ftp://x'], /is not a URL that begins with https/],
  [['--metadata-url', 'https://x', '--metadata-file', 'y'], /Say one of/],
  [['--details', 'nowhere.json'], /nowhere\.json cannot be read/],
  [['--metadata-url', 'https://x', '--keep-previous'], /--keep-previous goes with --metadata-file/],
]
test.each(misuses)('misuse is said and leaves with 2: %s', async (args, said) => {
  expect(await world.team('idp', ...args)).toMatchObject({
    code: 2,
    text: expect.stringMatching(said),
  })
})

test('an address that does not answer is named', async () => {
  const { code, text } = await world.team('idp', '--metadata-url', 'http://127.0.0.1:9/metadata')
  expect([code, text]).toEqual([
    1,
    expect.stringMatching(/^The metadata at http:\/\/127\.0\.0\.1:9\/metadata cannot be read\. /),
  ])
})
