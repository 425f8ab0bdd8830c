/** What is inside one permission set, at the pace of the bucket `sso-admin/contents`. */
import {
  DescribePermissionSetCommand,
  GetInlinePolicyForPermissionSetCommand,
  ListCustomerManagedPolicyReferencesInPermissionSetCommand,
  ListManagedPoliciesInPermissionSetCommand,
} from '@aws-sdk/client-sso-admin'
import type { DirectoryReader } from '#server/engine/directory-port.ts'
import type { AwsClients } from './clients.ts'
import { isReadError, reading } from './errors.ts'
import type { InstanceFinder } from './instance.ts'
import { type Contents, levelOf } from './level.ts'
import type { Offers } from './offers.ts'
import { allPages } from './pages.ts'
import { minutesOf } from './session-duration.ts'
import { cleanText } from './text.ts'

export interface ContentsReaderDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
  readonly offers: Offers
}

interface Found {
  readonly managed: string[]
  readonly customerManaged: string[]
  readonly inlinePolicy: string
}

interface Asking {
  readonly sso: ReturnType<AwsClients['ssoAdmin']>
  readonly input: { readonly InstanceArn: string; readonly PermissionSetArn: string }
  readonly offers: Offers
}

export function createContentsReader(deps: ContentsReaderDeps): DirectoryReader['readContents'] {
  return async (permissionSetArn) => {
    try {
      const { instanceArn, region } = await deps.instance.find()
      const sso = deps.clients.ssoAdmin('contents', region)
      const input = { InstanceArn: instanceArn, PermissionSetArn: permissionSetArn }
      const { PermissionSet: set } = await reading('DescribePermissionSet', () =>
        sso.send(new DescribePermissionSetCommand(input)),
      )
      const contents = await readContents({ sso, input, offers: deps.offers })
      return {
        kind: 'read',
        contents: {
          name: set?.Name ?? permissionSetArn,
          description: cleanText(set?.Description ?? ''),
          sessionMinutes: minutesOf(set?.SessionDuration),
          level: contents === null ? 'unknown' : levelOf(asLevelled(contents)),
          policies: contents && {
            managed: contents.managed.map(cleanText),
            customerManaged: contents.customerManaged.map(cleanText),
            hasInline: contents.inlinePolicy !== '',
          },
        },
      }
    } catch (error) {
      const waits = isReadError(error, 'throttled') || isReadError(error, 'unavailable')
      const message = error instanceof Error ? error.message : String(error)
      return { kind: waits ? 'unavailable' : 'unreadable', message }
    }
  }
}

/** Null where the endpoint does not show all of it. */
async function readContents(asking: Asking): Promise<Found | null> {
  const managed = await listManaged(asking)
  const customerManaged = await listCustomerManaged(asking)
  const inlinePolicy = await readInline(asking)
  if (managed === null || customerManaged === null || inlinePolicy === null) return null
  return { managed, customerManaged, inlinePolicy }
}

function asLevelled({ managed, customerManaged, inlinePolicy }: Found): Contents {
  return {
    managedPolicies: managed,
    customerManagedPolicies: customerManaged.length,
    inlinePolicy,
  }
}

function listManaged({ sso, input, offers }: Asking): Promise<string[] | null> {
  const operation = 'ListManagedPoliciesInPermissionSet'
  return offers.ask(operation, async () => {
    const names: string[] = []
    const list = allPages(operation, (page) =>
      sso.send(new ListManagedPoliciesInPermissionSetCommand({ ...input, ...page })),
    )
    for await (const { AttachedManagedPolicies = [] } of list) {
      for (const { Name, Arn } of AttachedManagedPolicies) {
        names.push(Name ?? Arn?.split('/').at(-1) ?? 'unknown')
      }
    }
    return names
  })
}

function listCustomerManaged({ sso, input, offers }: Asking): Promise<string[] | null> {
  const operation = 'ListCustomerManagedPolicyReferencesInPermissionSet'
  return offers.ask(operation, async () => {
    const names: string[] = []
    const list = allPages(operation, (page) =>
      sso.send(
        new ListCustomerManagedPolicyReferencesInPermissionSetCommand({ ...input, ...page }),
      ),
    )
    for await (const { CustomerManagedPolicyReferences = [] } of list) {
      names.push(...CustomerManagedPolicyReferences.map(({ Name }) => Name ?? 'unknown'))
    }
    return names
  })
}

function readInline({ sso, input, offers }: Asking): Promise<string | null> {
  return offers.ask('GetInlinePolicyForPermissionSet', async () => {
    const answer = await sso.send(new GetInlinePolicyForPermissionSetCommand(input))
    return answer.InlinePolicy ?? ''
  })
}
