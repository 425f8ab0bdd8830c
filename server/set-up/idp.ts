/**
 * `team idp`: gives the server the metadata of its application in IAM Identity Center, after it has
 * been judged; without an address, judges what is there. Can be run again, and is when a certificate
 * is replaced.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo, Misuse, type Shell } from '#server/command-line/shell.ts'
import type { MetadataSource } from '#server/config.ts'
import {
  type ConfigFile,
  configFileName,
  detailsFileName,
  readConfigFile,
  withFile,
} from '#server/config-file/read.ts'
import { parseSafeUrl } from '#server/config-values.ts'
import { metadataReader } from '#server/http/sign-in/idp.ts'
import { MetadataError, parseIdpMetadata } from '#server/http/sign-in/metadata.ts'
import { certificateLine, checkMetadata, type MetadataReport } from './metadata-check.ts'
import { metadataXml, withPrevious } from './metadata-merge.ts'

export interface IdpOptions {
  readonly config?: string
  readonly metadataUrl?: string
  readonly metadataFile?: string
  readonly details?: string
  readonly keepPrevious?: boolean
  readonly dryRun?: boolean
}

const savedName = 'identity-center.xml'

export async function runIdp({ shell, options }: Asked<IdpOptions>): Promise<Answer> {
  const file = await readConfigFile(shell, options.config)
  const before = sourceIn(shell, file)
  const given = await givenSource(shell, options)
  const source = given ?? before
  if (source === null) {
    throw new Misuse(
      'Say where the metadata is: --metadata-url, --metadata-file, or --details for the details.json of the sample. Its address is in IAM Identity Center, on the application, under "IAM Identity Center SAML metadata file".',
    )
  }
  if (options.keepPrevious === true && given?.kind !== 'file') {
    throw new Misuse(
      '--keep-previous goes with --metadata-file; an address is read again by itself.',
    )
  }
  const now = new Date()
  const { xml, report } = await judged(source, now, options.keepPrevious ? before : null)
  const saved =
    given === null || options.dryRun === true ? null : await save(shell, file, { source, xml })
  return answer({ source, report, saved, dryRun: options.dryRun === true })
}

function sourceIn(shell: Shell, { config }: ConfigFile): MetadataSource | null {
  const { SAML_METADATA_URL: url, SAML_METADATA_FILE: path } = withFile(shell.env, config)
  if (url) return { kind: 'url', url }
  return path ? { kind: 'file', path: resolve(shell.folder, path) } : null
}

async function givenSource(shell: Shell, options: IdpOptions): Promise<MetadataSource | null> {
  const { metadataUrl, metadataFile, details } = options
  if ([metadataUrl, metadataFile, details].filter((one) => one !== undefined).length > 1) {
    throw new Misuse('Say one of --metadata-url, --metadata-file and --details')
  }
  if (metadataFile !== undefined) return { kind: 'file', path: resolve(shell.folder, metadataFile) }
  const url =
    details === undefined ? metadataUrl : await urlInDetails(resolve(shell.folder, details))
  if (url === undefined) return null
  const parsed = parseSafeUrl(url)
  if ('wrong' in parsed)
    throw new Misuse(`The address of the metadata ${parsed.wrong} (it is "${url}").`)
  return { kind: 'url', url }
}

/** `{"MetadataURL": "https://…"}`, as the sample gives it to Cognito. */
async function urlInDetails(path: string): Promise<string> {
  let said: unknown
  try {
    said = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Misuse(`${path} cannot be read: ${why}`)
  }
  const url =
    typeof said === 'object' && said !== null && 'MetadataURL' in said
      ? said.MetadataURL
      : undefined
  if (typeof url === 'string') return url
  throw new Misuse(`${path} has no "MetadataURL".`)
}

interface Judged {
  readonly xml: string
  readonly report: MetadataReport
}

async function judged(
  source: MetadataSource,
  now: Date,
  previous: MetadataSource | null,
): Promise<Judged> {
  const xml = await readMetadata(source)
  try {
    const report = checkMetadata(xml, now)
    if (previous === null) return { xml, report }
    const former = parseIdpMetadata(await readMetadata(previous), now)
    const both = metadataXml(withPrevious(report.metadata, former, now))
    return { xml: both, report: checkMetadata(both, now) }
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error
    throw new CannotDo(`The metadata at ${placeOf(source)} cannot be used. ${error.message}`)
  }
}

export const placeOf = (source: MetadataSource) =>
  source.kind === 'url' ? source.url : source.path

/** @throws {CannotDo} in one line. */
export async function readMetadata(source: MetadataSource): Promise<string> {
  try {
    return await metadataReader(source)()
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    const why = error instanceof Error ? error.message : String(error)
    throw new CannotDo(`The metadata at ${placeOf(source)} cannot be read. ${why}${cause}`)
  }
}

/** Where the configuration is: in team.config.json, or for parameters.sh in details.json beside it. */
async function save(
  shell: Shell,
  { path }: ConfigFile,
  { source, xml }: { source: MetadataSource; xml: string },
): Promise<string> {
  const folder = path === null ? shell.folder : dirname(path)
  if (source.kind === 'file') await put(join(folder, savedName), xml)
  const isParameters = path !== null && !path.endsWith('.json')
  const target = isParameters
    ? join(folder, detailsFileName)
    : (path ?? join(folder, configFileName))
  const names = isParameters
    ? { url: 'MetadataURL', file: 'MetadataFile' }
    : { url: 'samlMetadataUrl', file: 'samlMetadataFile' }
  const { [names.url]: _url, [names.file]: _file, ...rest } = await jsonAt(target)
  const said = source.kind === 'url' ? { [names.url]: source.url } : { [names.file]: savedName }
  await put(target, `${JSON.stringify({ ...rest, ...said }, null, 2)}\n`)
  return target
}

async function jsonAt(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch(() => '{}')
  // Either checked before, or one that this command writes.
  return JSON.parse(text) as Record<string, unknown>
}

/** Whole or not at all. */
async function put(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

function answer(done: {
  source: MetadataSource
  report: MetadataReport
  saved: string | null
  dryRun: boolean
}): Answer {
  const { source, report, saved } = done
  const { metadata, certificates, warnings } = report
  const text = [
    `Identity provider  ${metadata.entityId}`,
    `Sign-in            ${metadata.signInUrl} (HTTP-Redirect)`,
    ...certificates.map((one, at) => `Certificate ${at + 1}      ${certificateLine(one)}`),
    ...(certificates.length > 1 ? ['Both certificates are believed, so either may sign.'] : []),
    ...warnings.map((warning) => `Warning: ${warning}`),
    closing(done),
  ]
  return {
    code: 0,
    json: {
      entityId: metadata.entityId,
      signInUrl: metadata.signInUrl,
      certificates,
      warnings,
      metadata: placeOf(source),
      saved,
    },
    text: text.join('\n'),
  }
}

function closing({
  source,
  saved,
  dryRun,
}: {
  source: MetadataSource
  saved: string | null
  dryRun: boolean
}): string {
  if (dryRun) return 'Nothing was changed (--dry-run).'
  if (saved === null) return 'Nothing was changed; this is what is configured.'
  const again =
    source.kind === 'url'
      ? 'The server reads the address again every hour, and when a signature does not fit.'
      : 'The server reads the file again every hour, and when a signature does not fit.'
  return `Written to ${saved}. ${again} Next: team doctor`
}
