import { ListUsersCommand } from '@aws-sdk/client-identitystore'
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations'
import { DeleteAccountAssignmentCommand, ListInstancesCommand } from '@aws-sdk/client-sso-admin'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { createAwsClients } from '#server/aws/clients.ts'
import { unlimited } from '#test/aws-clients.ts'

let isWarm: Promise<unknown> | null = null

/**
 * The SDK reads the machine's settings from files at its first calls in a process, and what waits
 * for files does not go on in the seed's order.
 */
export function warmUp(): Promise<unknown> {
  isWarm ??= callNobody()
  return isWarm
}

async function callNobody(): Promise<void> {
  const { accessKeyId, secretAccessKey } = delegatedAdministrator
  const region = 'us-east-1'
  const clients = createAwsClients({
    endpoint: 'http://aws.invalid',
    region,
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: {
      metadata: { handlerProtocol: 'http/1.1' },
      handle: () => Promise.reject(new Error('nobody is there')),
    },
    budget: unlimited,
    countCall: () => undefined,
  })
  const [IdentityStoreId, InstanceArn] = ['d-0000000000', 'arn:aws:sso:::instance/ssoins-0']
  await Promise.allSettled([
    clients.ssoAdmin('engine').send(new ListInstancesCommand({})),
    clients.ssoAdminOnce(region).send(
      new DeleteAccountAssignmentCommand({
        InstanceArn,
        TargetId: '',
        TargetType: 'AWS_ACCOUNT',
        PermissionSetArn: '',
        PrincipalType: 'USER',
        PrincipalId: '',
      }),
    ),
    clients.identityStore(region).send(new ListUsersCommand({ IdentityStoreId })),
    clients.organizations().send(new DescribeOrganizationCommand({})),
    clients.sts().send(new GetCallerIdentityCommand({})),
  ])
  clients.close()
}
