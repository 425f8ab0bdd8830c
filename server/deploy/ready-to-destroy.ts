/** The stack's own template, changed so that the stack can be deleted, and what then stays. */
import { CannotDo } from '#server/command-line/shell.ts'

interface Resource {
  readonly Type: string
  readonly Properties?: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export interface Ready {
  readonly template: string
  /** What is kept, for a person to read. */
  readonly kept: readonly string[]
}

/** CloudFormation does not empty a bucket, and a deletion that fails half-way helps nobody. */
const neverEmptied = new Set(['AWS::S3::Bucket'])

export function readyToDestroy(text: string, { deleteData }: { deleteData: boolean }): Ready {
  const template = parsed(text)
  const entries = Object.entries(template.Resources).map(([id, resource]): [string, Resource] => [
    id,
    unprotected(resource, deleteData),
  ])
  const kept = entries
    .filter(
      ([, { DeletionPolicy }]) => DeletionPolicy === 'Retain' || DeletionPolicy === 'Snapshot',
    )
    .map(([id, { Type, DeletionPolicy }]) =>
      DeletionPolicy === 'Snapshot' ? `${id} (${Type}), as a snapshot` : `${id} (${Type})`,
    )
  return { template: JSON.stringify({ ...template, Resources: Object.fromEntries(entries) }), kept }
}

function unprotected(resource: Resource, deleteData: boolean): Resource {
  const { Properties: properties, Type } = resource
  const open =
    properties?.DeletionProtection === true
      ? { ...resource, Properties: { ...properties, DeletionProtection: false } }
      : resource
  if (!deleteData || open.DeletionPolicy === undefined || neverEmptied.has(Type)) return open
  return { ...open, DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' }
}

function parsed(text: string): { Resources: Record<string, Resource> } {
  try {
    const template: unknown = JSON.parse(text)
    if (typeof template === 'object' && template !== null && 'Resources' in template) {
      // It is the template that this program sent.
      return template as { Resources: Record<string, Resource> }
    }
  } catch {
    // Said below.
  }
  throw new CannotDo("The stack's template is not one of TEAM's: it is no JSON with Resources")
}
