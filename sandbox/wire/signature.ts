import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { type Principal, principals } from '../model/principals.ts'
import { Refusal } from '../model/refusal.ts'
import type { Instant } from '../model/types.ts'
import type { AwsRequest } from './message.ts'

/**
 * "AWS Signature Version 4 for API requests" of the IAM user guide: what a caller must show, and what
 * AWS answers when it doesn't hold. Services that are not S3 encode the path twice.
 */
export interface Signer {
  principal: Principal
  region: string
}

const signatureAgeMaxMs = 15 * 60 * 1000
const algorithm = 'AWS4-HMAC-SHA256'

export function verifySignature(
  request: AwsRequest,
  expected: { service: string; wallNow: Instant },
): Signer {
  const given = parseAuthorization(request.headers.authorization)
  const [accessKeyId = '', date = '', region = '', service = '', terminator = ''] =
    given.credential.split('/')
  const principal = principals.find((known) => known.accessKeyId === accessKeyId)
  if (principal === undefined) {
    throw new Refusal(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    )
  }
  const amzDate = request.headers['x-amz-date'] ?? ''
  refuseScope({ date, region, service, terminator, amzDate }, expected.service)
  refuseAge(amzDate, expected.wallNow)
  const signature = signatureOf(request, {
    principal,
    amzDate,
    scope: `${date}/${region}/${service}/${terminator}`,
    signedHeaders: given.signedHeaders,
  })
  if (!sameText(signature, given.signature)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
  return { principal, region }
}

function parseAuthorization(header: string | undefined) {
  if (header === undefined || header === '') {
    throw new Refusal('MissingAuthenticationTokenException', 'Missing Authentication Token')
  }
  const parts = new Map<string, string>()
  const [name = '', ...rest] = header.split(' ')
  for (const part of rest.join(' ').split(',')) {
    const [key = '', value = ''] = part.trim().split('=', 2)
    parts.set(key, value)
  }
  const credential = parts.get('Credential')
  const signedHeaders = parts.get('SignedHeaders')
  const signature = parts.get('Signature')
  if (name !== algorithm || !credential || !signedHeaders || !signature) {
    throw new Refusal(
      'IncompleteSignatureException',
      `Authorization header requires '${algorithm}' with 'Credential', 'SignedHeaders' and 'Signature' parameters.`,
    )
  }
  return { credential, signedHeaders: signedHeaders.split(';'), signature }
}

function refuseScope(
  scope: { date: string; region: string; service: string; terminator: string; amzDate: string },
  service: string,
): void {
  if (scope.service !== service) {
    throw invalid(`Credential should be scoped to correct service: '${service}'.`)
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(scope.region)) {
    throw invalid('Credential should be scoped to a valid region.')
  }
  if (scope.terminator !== 'aws4_request') {
    throw invalid("Credential should be scoped with a valid terminator: 'aws4_request'.")
  }
  if (scope.date !== scope.amzDate.slice(0, 8)) {
    throw invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    )
  }
}

function refuseAge(amzDate: string, wallNow: Instant): void {
  const [, ...digits] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(amzDate) ?? []
  if (digits.length === 0) {
    throw new Refusal('IncompleteSignatureException', "Date must be in ISO-8601 'basic format'.")
  }
  const [year, month, day, hour, minute, second] = digits
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  const basic = (at: Instant) => new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  if (signedAt < wallNow - signatureAgeMaxMs) {
    const oldest = basic(wallNow - signatureAgeMaxMs)
    throw invalid(
      `Signature expired: ${amzDate} is now earlier than ${oldest} (${basic(wallNow)} - 15 min.)`,
    )
  }
  if (signedAt > wallNow + signatureAgeMaxMs) {
    const newest = basic(wallNow + signatureAgeMaxMs)
    throw invalid(
      `Signature not yet current: ${amzDate} is still later than ${newest} (${basic(wallNow)} + 15 min.)`,
    )
  }
}

function signatureOf(
  request: AwsRequest,
  given: { principal: Principal; amzDate: string; scope: string; signedHeaders: string[] },
): string {
  const canonicalHeaders = given.signedHeaders.map((name) => {
    const value = (request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')
    return `${name}:${value}\n`
  })
  const canonicalRequest = [
    request.method,
    request.path.split('/').map(encode).join('/'),
    canonicalQuery(request.query),
    canonicalHeaders.join(''),
    given.signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n')
  const toSign = [algorithm, given.amzDate, given.scope, sha256(canonicalRequest)].join('\n')
  const key = signingKey(given.principal.secretAccessKey, given.scope)
  return createHmac('sha256', key).update(toSign).digest('hex')
}

/** A key is good for a day, a Region and a service: the last few are enough to know. */
const signingKeys = new Map<string, KeyObject>()
const signingKeysMax = 100

function signingKey(secret: string, scope: string): KeyObject {
  const name = `${secret} ${scope}`
  const known = signingKeys.get(name)
  if (known !== undefined) return known
  let key = Buffer.from(`AWS4${secret}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  if (signingKeys.size >= signingKeysMax) signingKeys.clear()
  const made = createSecretKey(key)
  signingKeys.set(name, made)
  return made
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(
    ([name, value]) => `${encode(name)}=${encode(value)}`,
  )
  return pairs.sort().join('&')
}

const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const sha256 = (data: string | Buffer) => hash('sha256', data, 'hex')
const invalid = (message: string) => new Refusal('InvalidSignatureException', message)

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
