import { Refusal } from '../model/refusal.ts'
import { cloudFormation } from './cloudformation.ts'
import { cloudTrail } from './cloudtrail.ts'
import { dynamoDb } from './dynamodb.ts'
import { identityStore } from './identity-store.ts'
import { logs } from './logs.ts'
import type { AwsRequest } from './message.ts'
import { organizations } from './organizations.ts'
import type { Service } from './service.ts'
import { ses } from './ses.ts'
import { sns } from './sns.ts'
import { ssoAdmin } from './sso-admin.ts'
import { sts } from './sts.ts'

/** What a request asks for, read off the wire without judging it. */
export interface Recognised {
  service: Service | null
  operation: string
  protocol: Protocol
  input: () => unknown
}

interface Rendered {
  status: number
  headers: Record<string, string>
  body: string
}

interface Protocol {
  render(
    result: object | Refusal,
    about: { requestId: string; operation: string; service: string },
  ): Rendered
  unknownOperation(operation: string): Refusal
}

const targets: Readonly<Record<string, Service>> = {
  SWBExternalService: ssoAdmin,
  AWSIdentityStore: identityStore,
  AWSOrganizationsV20161128: organizations,
  Logs_20140328: logs,
  DynamoDB_20120810: dynamoDb,
  CloudTrail_20131101: cloudTrail,
  // As the SDKs for Python and the CLI spell it.
  'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101': cloudTrail,
}

export function recognise(request: AwsRequest): Recognised {
  const target = request.headers['x-amz-target']
  if (target !== undefined) {
    const dot = target.lastIndexOf('.')
    const [prefix, operation] = [target.slice(0, dot), target.slice(dot + 1)]
    const service = targets[prefix] ?? null
    const protocol = service === dynamoDb ? dynamoDbProtocol : jsonProtocol
    return { service, operation, protocol, input: () => parseJson(request.body) }
  }
  if (request.path.startsWith('/v2/email/')) return recogniseSes(request)
  const form = new URLSearchParams(request.body.toString('utf8') || request.query)
  const operation = form.get('Action') ?? ''
  const version = form.get('Version')
  if (version === snsVersion) {
    const input = () => Object.fromEntries(form)
    return { service: sns, operation, protocol: queryProtocol(snsNamespace, version), input }
  }
  if (version === stacksVersion) {
    const input = () => Object.fromEntries(form)
    const protocol = queryProtocol(stacksNamespace, version)
    return { service: cloudFormation, operation, protocol, input }
  }
  const protocol = queryProtocol(stsNamespace, stsVersion)
  return { service: sts, operation, protocol, input: () => ({}) }
}

function recogniseSes(request: AwsRequest): Recognised {
  const route = `${request.method} ${request.path}`
  const identity = /^GET \/v2\/email\/identities\/([^/]+)$/.exec(route)?.[1]
  const rest = { service: ses, protocol: restProtocol }
  if (identity !== undefined) {
    const input = () => ({ EmailIdentity: decodeSegment(identity) })
    return { ...rest, operation: 'GetEmailIdentity', input }
  }
  if (route === 'GET /v2/email/account') {
    return { ...rest, operation: 'GetAccount', input: () => ({}) }
  }
  if (route === 'POST /v2/email/outbound-emails') {
    return { ...rest, operation: 'SendEmail', input: () => parseJson(request.body) }
  }
  return { ...rest, operation: route, input: () => ({}) }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Refusal('BadRequestException', 'The path is not percent-encoded UTF-8.')
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8') || '{}')
  } catch {
    throw new Refusal('SerializationException', 'The request body is not JSON.')
  }
}

const serverFault = /^(Internal|ServiceUnavailable|ServiceException)/

const jsonProtocol: Protocol = {
  render(result, { requestId }) {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': requestId,
    }
    if (!(result instanceof Refusal)) return { status: 200, headers, body: JSON.stringify(result) }
    const status = serverFault.test(result.code) ? 500 : 400
    const members = { __type: result.code, Message: result.message, ...result.members }
    return { status, headers, body: JSON.stringify(members) }
  },
  unknownOperation: () => new Refusal('UnknownOperationException', 'Unknown operation.'),
}

/** JSON 1.0, with the names of errors in a namespace. */
const dynamoDbProtocol: Protocol = {
  render(result, about) {
    const named =
      result instanceof Refusal
        ? new Refusal(`com.amazonaws.dynamodb.v20120810#${result.code}`, result.message)
        : result
    const { status, headers, body } = jsonProtocol.render(named, about)
    const isOurs = result instanceof Refusal && serverFault.test(result.code)
    return {
      status: isOurs ? 500 : status,
      headers: { ...headers, 'content-type': 'application/x-amz-json-1.0' },
      body,
    }
  },
  unknownOperation: jsonProtocol.unknownOperation,
}

/** Statuses of the SES API v2 reference; errors of the signature are 403. */
const restStatus: Readonly<Record<string, number>> = {
  TooManyRequestsException: 429,
  NotFoundException: 404,
  UnknownOperationException: 404,
  InvalidSignatureException: 403,
  IncompleteSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  UnrecognizedClientException: 403,
}

const restProtocol: Protocol = {
  render(result, { requestId }) {
    const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId }
    if (!(result instanceof Refusal)) return { status: 200, headers, body: JSON.stringify(result) }
    const status = serverFault.test(result.code) ? 500 : (restStatus[result.code] ?? 400)
    return {
      status,
      headers: { ...headers, 'x-amzn-errortype': result.code },
      body: JSON.stringify({ message: result.message, ...result.members }),
    }
  },
  unknownOperation: () => new Refusal('UnknownOperationException', 'Unknown operation.'),
}

/** The Query protocol has names of its own for what is wrong with a signature. */
const queryCodes: Readonly<Record<string, [code: string, status: number]>> = {
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 403],
  ThrottlingException: ['Throttling', 400],
  NotFound: ['NotFound', 404],
  InternalServerException: ['InternalFailure', 500],
}

const stsVersion = '2011-06-15'
const stsNamespace = `https://sts.amazonaws.com/doc/${stsVersion}/`
const snsVersion = '2010-03-31'
const snsNamespace = `http://sns.amazonaws.com/doc/${snsVersion}/`

const stacksVersion = '2010-05-15'
const stacksNamespace = `http://cloudformation.amazonaws.com/doc/${stacksVersion}/`

const queryProtocol = (namespace: string, version: string): Protocol => ({
  render(result, { requestId, operation }) {
    const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }
    if (result instanceof Refusal) {
      const status = serverFault.test(result.code) ? 500 : 400
      const [code, known] = queryCodes[result.code] ?? [result.code, status]
      const type = known >= 500 ? 'Receiver' : 'Sender'
      const error = elements({ Type: type, Code: code, Message: result.message })
      const body = `<ErrorResponse xmlns="${namespace}"><Error>${error}</Error>${elements({ RequestId: requestId })}</ErrorResponse>`
      return { status: known, headers, body }
    }
    const inner = `<${operation}Result>${elements(result)}</${operation}Result>`
    const metadata = `<ResponseMetadata>${elements({ RequestId: requestId })}</ResponseMetadata>`
    const body = `<${operation}Response xmlns="${namespace}">${inner}${metadata}</${operation}Response>`
    return { status: 200, headers, body }
  },
  unknownOperation: (operation) =>
    new Refusal('InvalidAction', `Could not find operation ${operation} for version ${version}`),
})

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escapeXml = (text: string) => text.replaceAll(/[&<>]/g, (sign) => escapes[sign] ?? sign)

/** A list is an element with a `member` for each; what has members is an element with theirs. */
const elements = (members: object): string =>
  Object.entries(members)
    .map(([name, value]) => `<${name}>${content(value)}</${name}>`)
    .join('')

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => elements({ member: one })).join('')
  if (typeof value === 'object' && value !== null) return elements(value)
  return escapeXml(String(value))
}
