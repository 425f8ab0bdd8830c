/** Finds and reads what is known about an installation, for commands and for `team serve`. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CannotDo, Misuse } from '#server/command-line/shell.ts'
import type { Environment } from '#server/config.ts'
import { parseParameters } from './parameters.ts'
import { mistakesIn, type TeamConfig, teamConfig } from './schema.ts'

export interface Place {
  readonly env: Environment
  readonly folder: string
}

export interface ConfigFile {
  /** Null: there is none, and `config` is empty. */
  readonly path: string | null
  readonly config: TeamConfig
  readonly notes: readonly string[]
}

export const configFileName = 'team.config.json'
/** Of the sample: what its cognito.sh gives to Cognito. */
export const detailsFileName = 'details.json'
const looked = [configFileName, 'parameters.sh', 'deployment/parameters.sh']

/** @throws {Misuse} for a file that is named and not there; {CannotDo} with one line a mistake. */
export async function readConfigFile(
  { env, folder }: Place,
  named: string | undefined,
): Promise<ConfigFile> {
  const wanted = named ?? (env.TEAM_CONFIG?.trim() || undefined)
  const path =
    wanted === undefined
      ? looked.map((name) => resolve(folder, name)).find((one) => existsSync(one))
      : resolve(folder, wanted)
  if (path === undefined) return { path: null, config: {}, notes: [] }
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Misuse(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return path.endsWith('.json') ? fromJson(path, text) : fromParameters(path, text)
}

function fromJson(path: string, text: string): ConfigFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CannotDo(`${path} is not JSON: ${why}`)
  }
  return { path, config: checkedConfig(path, json), notes: [] }
}

async function fromParameters(path: string, text: string): Promise<ConfigFile> {
  const { config, notes, mistakes } = parseParameters(text)
  if (mistakes.length > 0) throw refused(path, mistakes)
  const withMetadata = { ...config, ...(await metadataBeside(path)) }
  return { path, config: checkedConfig(path, withMetadata), notes }
}

/** `parameters.sh` has no variable for the metadata; the sample keeps it in `details.json`. */
async function metadataBeside(path: string): Promise<Record<string, unknown>> {
  const beside = resolve(dirname(path), detailsFileName)
  if (!existsSync(beside)) return {}
  const text = await readFile(beside, 'utf8')
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch (error) {
    throw new CannotDo(`${beside} is not JSON: ${error instanceof Error ? error.message : error}`)
  }
  const { MetadataURL: url, MetadataFile: file } = Object(said) as Record<string, unknown>
  return {
    ...(typeof url === 'string' && url !== '' && { samlMetadataUrl: url }),
    ...(typeof file === 'string' && file !== '' && { samlMetadataFile: file }),
  }
}

function checkedConfig(path: string, json: unknown): TeamConfig {
  const mistakes = mistakesIn(json)
  if (mistakes.length > 0) throw refused(path, mistakes)
  const config = teamConfig.parse(json)
  const { samlMetadataFile } = config
  // A path in a file is meant from where the file is.
  return samlMetadataFile === undefined
    ? config
    : { ...config, samlMetadataFile: resolve(dirname(path), samlMetadataFile) }
}

const refused = (path: string, mistakes: readonly string[]) =>
  new CannotDo(mistakes.map((mistake) => `${path}: ${mistake}`).join('\n'))

export function publicUrlOf({ publicUrl, uiDomain }: TeamConfig): string | undefined {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '')
  return uiDomain === undefined ? undefined : `https://${uiDomain}`
}

/** What the server's environment would say of it. */
export function environmentOf(config: TeamConfig): Record<string, string> {
  const said: Record<string, string | undefined> = {
    AWS_REGION: config.region,
    AWS_PROFILE: config.teamAccountProfile,
    PUBLIC_URL: publicUrlOf(config),
    TEAM_ADMIN_GROUP: config.teamAdminGroup,
    TEAM_AUDITOR_GROUP: config.teamAuditorGroup,
    IDC_LOGIN_URL: config.idcLoginUrl,
    EMAIL_SOURCE: config.emailSource,
    SAML_METADATA_URL: config.samlMetadataUrl,
    SAML_METADATA_FILE: config.samlMetadataFile,
    SAML_AUDIENCE: config.samlAudience,
  }
  return Object.fromEntries(Object.entries(said).filter(isSaid))
}

const isSaid = (entry: [string, string | undefined]): entry is [string, string] =>
  entry[1] !== undefined

/** The environment, and below it the file: what is set stands. */
export async function serverEnvironment(
  place: Place,
  named: string | undefined,
): Promise<Environment> {
  const { config } = await readConfigFile(place, named)
  return withFile(place.env, config)
}

const isSet = (env: Environment, name: string) => (env[name]?.trim() ?? '') !== ''
const ownCredentials = [
  'AWS_ACCESS_KEY_ID',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

export function withFile(env: Environment, config: TeamConfig): Environment {
  const fromFile = environmentOf(config)
  // A profile is for a person's machine; where the environment brings credentials, those are meant.
  if (ownCredentials.some((name) => isSet(env, name))) delete fromFile.AWS_PROFILE
  if (isSet(env, 'SAML_METADATA_URL')) delete fromFile.SAML_METADATA_FILE
  if (isSet(env, 'SAML_METADATA_FILE')) delete fromFile.SAML_METADATA_URL
  const set = Object.entries(env).filter(([name]) => isSet(env, name))
  return { ...fromFile, ...Object.fromEntries(set) }
}
