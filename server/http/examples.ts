/**
 * An example for any schema of the API: what the contract gives as an example, else what fields of
 * that name usually hold, else the least that the schema allows. That each fits its own schema is
 * tested, so a field with a form of its own says an example in the contract: `.meta({ examples })`.
 */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly example?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly minimum?: number
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

const uuid = '5f0c2f1e-7a44-4c53-9d2e-2f6f0f6f1a10'
const arn = 'arn:aws:sso:::permissionSet/ssoins-722307c1b2d3e4f5/ps-1a2b3c4d5e6f7a8b'

/** What fields of a name hold, wherever they stand. */
const usual: Readonly<Record<string, unknown>> = {
  id: uuid,
  requestId: uuid,
  submissionId: uuid,
  noticeId: uuid,
  policyId: uuid,
  refreshId: uuid,
  userId: '906719f0c4-5b1e2b4a-8f0d-4c9a-9a53-0c1d9d3f3f11',
  groupId: '906719f0c4-0d7f3c2e-1f6a-4e0b-8a61-7c2a5b9f4e20',
  adminGroupId: '906719f0c4-0d7f3c2e-1f6a-4e0b-8a61-7c2a5b9f4e20',
  auditorGroupId: '906719f0c4-3b8c1d5a-6e2f-4f7d-b0a9-9d1e8c7b6a50',
  organizationalUnits: [{ id: 'ou-ab12-c3d4e5f6', scope: 'subtree' }],
  approverGroups: ['906719f0c4-0d7f3c2e-1f6a-4e0b-8a61-7c2a5b9f4e20'],
  userName: 'test-user',
  displayName: 'Test User',
  name: 'payments-prod',
  description: 'Reads everything, changes nothing',
  to: 'test-user@example.com',
  email: 'test-user@example.com',
  emailSource: 'team@example.net',
  accountId: '111122223333',
  accountName: 'payments-prod',
  accounts: ['111122223333'],
  permissionSetArn: arn,
  permissionSetName: 'ReadOnlyAccess',
  permissionSets: ['ReadOnlyAccess', 'Billing*'],
  durationMinutes: 60,
  maxDurationMinutes: 240,
  sessionMinutes: 60,
  approvalsRequired: 1,
  approverCount: 2,
  version: 1,
  justification: 'Looking into the payment backlog',
  comment: 'Seen with the on-call engineer',
  ticket: 'OPS-1234',
  ticketPattern: 'OPS-\\d+',
  ticketExample: 'OPS-1234',
  note: 'Asked for by the payments team',
  banner: '',
  timeZone: 'Asia/Tokyo',
  cursor: 'WyIyMDI2LTExLTI0Il0',
  q: 'pay',
  limit: 50,
  nextCursor: null,
  hash: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
  previousHash: '0000000000000000000000000000000000000000000000000000000000000000',
  head: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
  addresses: ['203.0.113.0/24'],
  scopes: ['requests:read'],
  roles: ['requester'],
  ouPath: ['Workloads', 'Prod'],
  action: 'request.submit',
  csrfToken: 'q3V9x0c1Zr5m',
  secret: 'team_29e47287a28e52f8_…',
}

const depthMax = 12

export interface Place {
  /** Of the field that the schema is for; empty at the top. */
  readonly name: string
  /** Of a body only what must be sent is shown; of an answer everything. */
  readonly whole: boolean
}

export function exampleOf(
  schema: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  place: Place,
  depth = 0,
): unknown {
  const { $ref } = schema
  if ($ref !== undefined) {
    const named = schemas[$ref.split('/').at(-1) ?? '']
    return named && depth < depthMax ? exampleOf(named, schemas, place, depth + 1) : null
  }
  const said = schema.examples?.[0] ?? schema.example
  if (said !== undefined) return said
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const known = usual[place.name]
  if (known !== undefined && isOfType(known, schema)) return known
  // What may be missing is missing: together the rest tells of one plain case.
  if (place.whole && isOfType(null, schema)) return null
  const one = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null')
  if (one !== undefined) return exampleOf(one, schemas, place, depth + 1)
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => exampleOf(part, schemas, place, depth + 1))
    return Object.assign({}, ...parts)
  }
  return plain(schema, schemas, place, depth)
}

function plain(
  schema: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  { name, whole }: Place,
  depth: number,
): unknown {
  const inside = (inner: JsonSchema, field: string) =>
    exampleOf(inner, schemas, { name: field, whole }, depth + 1)
  switch (typesOf(schema)[0]) {
    case 'object': {
      const { properties = {}, required = [] } = schema
      const shown = Object.entries(properties).filter(
        ([field]) => whole || required.includes(field) || required.length === 0,
      )
      return Object.fromEntries(shown.map(([field, inner]) => [field, inside(inner, field)]))
    }
    case 'array':
      return schema.items === undefined ? [] : [inside(schema.items, singular(name))]
    case 'boolean':
      return schema.default ?? false
    case 'integer':
    case 'number':
      return schema.default ?? Math.max(schema.minimum ?? 0, 0)
    case 'string':
      return schema.default ?? textFor(schema.format)
    default:
      return null
  }
}

const singular = (name: string) =>
  ({ accounts: 'accountId', approverGroups: 'groupId', items: '', requests: '' })[name] ?? name

function textFor(format: string | undefined): string {
  if (format === 'date-time') return '2026-11-24T09:00:00.000Z'
  if (format === 'uuid') return uuid
  if (format === 'uri') return 'https://team.example.com'
  if (format === 'email') return 'test-user@example.com'
  return 'text'
}

function typesOf({ type, properties, items }: JsonSchema): readonly string[] {
  if (type !== undefined) return [type].flat().filter((one) => one !== 'null')
  if (properties !== undefined) return ['object']
  return items === undefined ? [] : ['array']
}

const isObject = (schema: JsonSchema | undefined) =>
  schema !== undefined && (schema.$ref !== undefined || schema.type === 'object')

/** An example by name is for this schema only if it is of its kind. */
function isOfType(value: unknown, schema: JsonSchema): boolean {
  const alternatives = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  const types = alternatives.flatMap((one) => [one.type ?? []].flat())
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) {
    const holdsObjects = typeof value[0] === 'object'
    return alternatives.some(
      ({ type, items }) => [type].flat().includes('array') && isObject(items) === holdsObjects,
    )
  }
  if (typeof value === 'number') return types.includes('integer') || types.includes('number')
  return types.includes(typeof value)
}
