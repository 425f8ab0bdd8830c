/** How the text of a setting becomes its value; `wrong` ends the sentence "NAME …". */
import { isIP } from 'node:net'
import { type LogLevel, logLevels } from './log.ts'

export type Parsed<T> = { readonly value: T } | { readonly wrong: string }

const portMax = 65_535
export const secretBytesMin = 32

export function parsePort(value: string): Parsed<number> {
  const port = Number(value)
  const isPort = /^\d{1,5}$/.test(value) && port >= 1 && port <= portMax
  return isPort ? { value: port } : { wrong: `is not a port from 1 to ${portMax}` }
}

export function parseHost(value: string): Parsed<string> {
  const isName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value)
  return isIP(value) !== 0 || isName ? { value } : { wrong: 'is not an address or a host name' }
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
    hostname === '[::1]'
  )
}

function parseUrl(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null
}

export function parseHttpUrl(value: string): Parsed<string> {
  const url = parseUrl(value)
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  return isHttp ? { value } : { wrong: 'is not a URL that begins with https:// or http://' }
}

export function parseSafeUrl(value: string): Parsed<string> {
  const url = parseUrl(value)
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (!isSafe) return { wrong: 'is not a URL that begins with https:// (http:// only on loopback)' }
  return { value }
}

export function parsePublicUrl(value: string): Parsed<string> {
  const safe = parseSafeUrl(value)
  if ('wrong' in safe) return safe
  const url = new URL(value)
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  return isBare ? { value: url.origin } : { wrong: 'has more than a scheme, a host and a port' }
}

export function parseDatabaseUrl(value: string): Parsed<string> {
  const isPostgres = /^postgres(ql)?:\/\//.test(value) && URL.canParse(value)
  return isPostgres
    ? { value }
    : { wrong: 'is not a URL that begins with postgres:// or postgresql://' }
}

export const databaseAuths = ['password', 'iam'] as const
export type DatabaseAuth = (typeof databaseAuths)[number]

export function parseDatabaseAuth(value: string): Parsed<DatabaseAuth> {
  const auth = databaseAuths.find((known) => known === value)
  return auth === undefined
    ? { wrong: `is not one of ${databaseAuths.join(', ')}` }
    : { value: auth }
}

/** CloudWatch API reference, PutMetricData; `AWS/` is its own. */
export function parseNamespace(value: string): Parsed<string> {
  const isNamespace = /^[\w.#:/-]{1,255}$/.test(value) && !value.startsWith('AWS/')
  return isNamespace ? { value } : { wrong: 'is not a namespace of CloudWatch' }
}

export const drainSecondsMax = 60

export function parseDrainSeconds(value: string): Parsed<number> {
  const seconds = Number(value)
  const isKnown = /^\d{1,2}$/.test(value) && seconds <= drainSecondsMax
  return isKnown ? { value: seconds } : { wrong: `is not from 0 to ${drainSecondsMax} seconds` }
}

export function parseText(value: string): Parsed<string> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  return /[\u0000-\u001f\u007f]/.test(value) ? { wrong: 'has control characters' } : { value }
}

export function parseRegion(value: string): Parsed<string> {
  const isRegion = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(value)
  return isRegion ? { value } : { wrong: 'is not the name of an AWS Region' }
}

export function parseLogLevel(value: string): Parsed<LogLevel> {
  const level = logLevels.find((known) => known === value)
  return level === undefined ? { wrong: `is not one of ${logLevels.join(', ')}` } : { value: level }
}

export function parseNetworks(value: string): Parsed<readonly string[]> {
  const networks = value.split(',').map((network) => network.trim())
  return networks.every(isNetwork)
    ? { value: networks }
    : { wrong: 'is not a list of addresses or networks separated by commas' }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  )
}

export function parseEmail(value: string): Parsed<string> {
  const isAddress = /^[^\s@<>"(),:;[\]\\]{1,64}@[^\s@<>"(),:;[\]\\]+\.[^\s@.]+$/.test(value)
  return isAddress ? { value } : { wrong: 'is not one e-mail address' }
}

export function parseAudience(value: string): Parsed<string> {
  const isUri = /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i.test(value) && value.length <= 1024
  return isUri ? { value } : { wrong: 'is not a URI' }
}

export function parseSecret(value: string): Parsed<string> {
  return Buffer.byteLength(value) >= secretBytesMin
    ? { value }
    : { wrong: `is shorter than ${secretBytesMin} bytes` }
}
