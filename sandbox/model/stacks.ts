/**
 * CloudFormation as far as change sets go: a template is read and judged, a change set says what it
 * would change, its execution takes its time. Nothing is made of the resources, and nothing is
 * claimed about them; but what protects itself from deletion stops the deletion of its stack.
 */
import { Refusal } from './refusal.ts'
import type { ChangeSet, Instant, Stack } from './types.ts'

/** CloudFormation quotas. */
const templateBytesMax = 51_200

interface Resource {
  readonly Type?: unknown
  readonly Properties?: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: unknown
}
export type Resources = Readonly<Record<string, Resource>>

const invalid = (message: string) => new Refusal('ValidationError', message)

/** The resources of a template that CloudFormation would take. */
export function readTemplate(body: string): Resources {
  if (Buffer.byteLength(body) > templateBytesMax) {
    throw invalid(
      "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200",
    )
  }
  let template: unknown
  try {
    template = JSON.parse(body)
  } catch (error) {
    const where = /position \d+/.exec(String(error))?.[0] ?? ''
    throw invalid(`Template format error: JSON not well-formed. (${where})`)
  }
  if (typeof template !== 'object' || template === null) {
    throw invalid('Template format error: unsupported structure.')
  }
  const resources: unknown = Reflect.get(template, 'Resources')
  if (typeof resources !== 'object' || resources === null || Object.keys(resources).length === 0) {
    throw invalid('Template format error: At least one Resources member must be defined.')
  }
  // Judged member by member below.
  const known = resources as Resources
  for (const [id, { Type }] of Object.entries(known)) {
    if (typeof Type !== 'string' || !/^(AWS|Custom)::/.test(Type)) {
      throw invalid(
        `Template format error: [/Resources/${id}] Every Resources object must contain a Type member.`,
      )
    }
  }
  refuseUnresolved(template, known)
  return known
}

function refuseUnresolved(template: object, resources: Resources): void {
  const parameters: unknown = Reflect.get(template, 'Parameters')
  const names = new Set([...Object.keys(resources), ...Object.keys(parameters ?? {})])
  const missing = [...referencesIn(resources)].filter((name) => !names.has(name))
  if (missing.length === 0) return
  throw invalid(
    `Template format error: Unresolved resource dependencies [${missing.join(', ')}] in the Resources block of the template`,
  )
}

function* referencesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* referencesIn(one)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref' && typeof inner === 'string' && !inner.startsWith('AWS::')) yield inner
    else if (key === 'Fn::GetAtt' && Array.isArray(inner)) yield String(inner[0])
    else yield* referencesIn(inner)
  }
}

/** What may make roles must be allowed to. */
export function neededCapability(resources: Resources): string | null {
  const iam = Object.values(resources).filter(({ Type }) => String(Type).startsWith('AWS::IAM::'))
  if (iam.length === 0) return null
  const isNamed = iam.some(({ Properties = {} }) =>
    ['RoleName', 'UserName', 'ManagedPolicyName'].some((name) => name in Properties),
  )
  return isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM'
}

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove'
  readonly logicalId: string
  readonly type: string
  /** Of a change: whether another resource takes its place. */
  readonly replacement: 'False' | null
}

/** Which properties make it another resource is not known here: none are said to. */
export function changesBetween(before: Resources, after: Resources): ResourceChange[] {
  const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return ids.flatMap((logicalId): ResourceChange[] => {
    const [was, is] = [before[logicalId], after[logicalId]]
    const type = String((is ?? was)?.Type)
    if (was === undefined) return [{ action: 'Add', logicalId, type, replacement: null }]
    if (is === undefined) return [{ action: 'Remove', logicalId, type, replacement: null }]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    return [{ action: 'Modify', logicalId, type, replacement: 'False' }]
  })
}

export function refuseOtherTypes(before: Resources, after: Resources): void {
  const other = Object.keys(after).filter((id) => {
    const was = before[id]
    return was !== undefined && was.Type !== after[id]?.Type
  })
  if (other.length === 0) return
  throw invalid(
    `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${other.join(', ')}]`,
  )
}

export function protectedFromDeletion(resources: Resources): string[] {
  return Object.entries(resources)
    .filter(([, { Properties }]) => Properties?.DeletionProtection === true)
    .map(([id]) => id)
}

export function stackStatus(stack: Stack, now: Instant): string {
  const { doing, doneAt, failure } = stack
  if (doing === 'REVIEW') return 'REVIEW_IN_PROGRESS'
  if (now < doneAt) return `${doing}_IN_PROGRESS`
  return failure === null ? `${doing}_COMPLETE` : `${doing}_FAILED`
}

export function changeSetStatus(
  set: ChangeSet,
  now: Instant,
): { status: string; execution: string } {
  if (now < set.readyAt) return { status: 'CREATE_IN_PROGRESS', execution: 'UNAVAILABLE' }
  if (set.failure !== null) return { status: 'FAILED', execution: 'UNAVAILABLE' }
  const execution = set.executed ? 'EXECUTE_COMPLETE' : 'AVAILABLE'
  return { status: 'CREATE_COMPLETE', execution }
}
