/**
 * Records as an organisation's trail has them, in the order of members that CloudTrail writes. Shapes
 * are of the CloudTrail user guide ("Record contents", "userIdentity element") and, for roles of
 * Identity Center, of its "Referencing permission sets".
 */
import type { World } from '../model/world.ts'

export interface Actor {
  readonly userId: string
  readonly userName: string
  readonly accountId: string
  readonly roleName: string
  readonly openedAt: number
  /** Whether AWS says on whose behalf: it does for identity-enhanced sessions, and may for all. */
  readonly saysOnBehalfOf: boolean
}

export interface Doing {
  readonly eventSource: string
  readonly eventName: string
  readonly readOnly: boolean
  readonly region: string
  readonly requestParameters: object | null
  readonly responseElements: object | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly sourceAddress: string
}

export function recordOf(world: World, actor: Actor, doing: Doing, at: number): string {
  const { organisation } = world.state
  const roleId = roleIdOf(actor)
  const { error } = doing
  return JSON.stringify({
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `${roleId}:${actor.userName}`,
      arn: `arn:aws:sts::${actor.accountId}:assumed-role/${actor.roleName}/${actor.userName}`,
      accountId: actor.accountId,
      accessKeyId: `ASIA${roleId.slice(4, 20)}`,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: roleId,
          arn: `arn:aws:iam::${actor.accountId}:role/aws-reserved/sso.amazonaws.com/${actor.roleName}`,
          accountId: actor.accountId,
          userName: actor.roleName,
        },
        attributes: { creationDate: seconds(actor.openedAt), mfaAuthenticated: 'false' },
      },
      ...(actor.saysOnBehalfOf && {
        onBehalfOf: {
          userId: actor.userId,
          identityStoreArn: `arn:aws:identitystore::${organisation.managementAccountId}:identitystore/${organisation.identityStoreId}`,
        },
      }),
    },
    eventTime: seconds(at),
    eventSource: doing.eventSource,
    eventName: doing.eventName,
    awsRegion: doing.region,
    sourceIPAddress: doing.sourceAddress,
    userAgent: 'Mozilla/5.0 (AWS sandbox console)',
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: doing.requestParameters,
    responseElements: doing.responseElements,
    requestID: world.passingIds.uuid(),
    eventID: world.passingIds.uuid(),
    readOnly: doing.readOnly,
    eventType: doing.eventName === 'ConsoleLogin' ? 'AwsConsoleSignIn' : 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: actor.accountId,
    eventCategory: 'Management',
  })
}

/** Records count whole seconds. */
const seconds = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

/** A role has one id as long as it lives, and its suffix lives as long. */
function roleIdOf({ roleName, accountId }: Actor): string {
  let number = 0n
  for (const sign of `${accountId}/${roleName}`) {
    number = (number * 131n + BigInt(sign.codePointAt(0) ?? 0)) % 36n ** 17n
  }
  return `AROA${number.toString(36).toUpperCase().padStart(17, '0')}`
}
