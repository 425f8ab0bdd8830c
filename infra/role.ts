/** The task's role: the table of server/aws/permissions.ts, put on this installation's resources. */
import { Aws } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { type On, type Permission, permissions } from '#server/aws/permissions.ts'
import type { StackSettings } from './settings.ts'

export interface Grant {
  readonly on: On
  /** Empty: this installation does not use it, and may not. */
  readonly resources: readonly string[]
  readonly permissions: readonly Permission[]
  /** Of a `*` among the resources. */
  readonly wildcard: string | null
}

const inPartition = (rest: string) => `arn:${Aws.PARTITION}:${rest}`

interface Resources {
  readonly arns: readonly string[]
  readonly wildcard: string | null
}

function resourcesOf(settings: StackSettings): Record<On, Resources> {
  const { identityCenter, topicArns, trailLogGroupArn } = settings.deploy
  const instance = identityCenter.instanceArn.replace(/^.*\//, '')
  const only = (arns: readonly string[]) => ({ arns, wildcard: null })
  const optional = (one: string | null | undefined) => only(one ? [one] : [])
  return {
    anything: { arns: ['*'], wildcard: 'AWS offers no resource to allow these on.' },
    'identity center': {
      arns: [
        identityCenter.instanceArn,
        inPartition(`sso:::permissionSet/${instance}/*`),
        inPartition('sso:::account/*'),
      ],
      wildcard:
        'Which permission sets and accounts TEAM offers is for its policies to say, and changes daily; the instance is this one only.',
    },
    'identity store': {
      arns: [
        inPartition(`identitystore::*:identitystore/${identityCenter.identityStoreId}`),
        inPartition('identitystore:::user/*'),
        inPartition('identitystore:::group/*'),
        inPartition('identitystore:::membership/*'),
      ],
      wildcard:
        "Read only. AWS's ARNs of people and groups name no store and no account; the store is this one only, and belongs to the management account.",
    },
    organisation: {
      arns: ['*'],
      wildcard:
        "Read only; accounts and OUs come, go and move, and any of them may be the target's.",
    },
    sender: sendersOf(settings),
    topics: only(topicArns),
    'trail log group': optional(trailLogGroupArn),
    'trail data store': optional(settings.eventDataStoreArn),
  }
}

/** SES asks for whichever identity of the address is verified: itself, or its domain. */
function sendersOf({ emailSource }: StackSettings): Resources {
  if (emailSource === null) return { arns: [], wildcard: null }
  const domain = emailSource.slice(emailSource.indexOf('@') + 1)
  const arns = [emailSource, domain].map((identity) =>
    inPartition(`ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:identity/${identity}`),
  )
  return { arns, wildcard: null }
}

/** What this installation uses of each service: an empty list takes the whole service away. */
function isUsed({ service }: Permission, resources: Record<On, Resources>): boolean {
  if (service === 'logs') return resources['trail log group'].arns.length > 0
  if (service === 'ses') return resources.sender.arns.length > 0
  return true
}

export function grantsOf(settings: StackSettings): readonly Grant[] {
  const resources = resourcesOf(settings)
  return (Object.keys(resources) as On[]).map((on) => ({
    on,
    resources: resources[on].arns,
    permissions: permissions.filter(
      (one) => one.on === on && one.action !== null && isUsed(one, resources),
    ),
    wildcard: resources[on].wildcard,
  }))
}

export function statementsOf(settings: StackSettings): PolicyStatement[] {
  const given = grantsOf(settings).filter(
    (grant) => grant.resources.length > 0 && grant.permissions.length > 0,
  )
  const statements = given.map(
    (grant) =>
      new PolicyStatement({
        sid: sidOf(grant.on),
        actions: grant.permissions.flatMap(({ action }) => action ?? []),
        resources: [...grant.resources],
        ...(grant.on === 'sender' && {
          conditions: { StringEquals: { 'ses:FromAddress': settings.emailSource } },
        }),
      }),
  )
  const { keyArn } = settings.deploy.identityCenter
  if (keyArn === undefined) return statements
  // Service Authorization Reference: a dependent action of those on an instance with its own key.
  return [
    ...statements,
    new PolicyStatement({
      sid: 'IdentityCenterKey',
      actions: ['kms:Decrypt'],
      resources: [keyArn],
    }),
  ]
}

const sidOf = (on: On) =>
  on.replaceAll(/(^| )([a-z])/g, (_all, _space, letter) => letter.toUpperCase())
