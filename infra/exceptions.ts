/** What cdk-nag asks for and is not done, with the reason; anything else that it finds fails. */
import type { Stack } from 'aws-cdk-lib'
import { NagSuppressions } from 'cdk-nag'
import { grantsOf } from './role.ts'
import type { StackSettings } from './settings.ts'

export function explainExceptions(stack: Stack, settings: StackSettings): void {
  const wildcards = grantsOf(settings)
    .map(({ wildcard }) => wildcard)
    .filter((reason) => reason !== null)
  NagSuppressions.addResourceSuppressionsByPath(
    stack,
    `/${stack.stackName}/Task/TaskRole/DefaultPolicy`,
    [{ id: 'AwsSolutions-IAM5', reason: wildcards.join(' ') }],
  )
  NagSuppressions.addResourceSuppressionsByPath(
    stack,
    `/${stack.stackName}/Task/ExecutionRole/DefaultPolicy`,
    [
      {
        id: 'AwsSolutions-IAM5',
        reason: 'ecr:GetAuthorizationToken has no resources; what may be pulled is one repository.',
      },
    ],
  )
  NagSuppressions.addStackSuppressions(stack, [
    {
      id: 'AwsSolutions-SMG4',
      reason:
        'TEAM_SECRET is changed by the procedure of docs/operate (the new one beside the old one); turned over unasked it would make sealed secrets unreadable. RDS changes the password of the master user itself.',
    },
    {
      id: 'AwsSolutions-ECS2',
      reason: 'What is in the environment is no secret: secrets come from Secrets Manager.',
    },
    {
      id: 'AwsSolutions-ECS4',
      reason:
        "Container Insights would cost more than the copies' own metrics, of which the alarms are made, tell.",
    },
    {
      id: 'AwsSolutions-EC23',
      reason:
        'People come from anywhere, by TLS, and sign in at Identity Center; allowedNetworks or access: internal close it.',
    },
    {
      id: 'AwsSolutions-S1',
      reason:
        'The bucket holds the log of who came through the door; logging who reads that log is for CloudTrail.',
    },
    {
      id: 'AwsSolutions-RDS11',
      reason:
        'Another port hides nothing from whoever is in the network; security groups let in TEAM alone.',
    },
    {
      id: 'AwsSolutions-RDS3',
      reason: 'One zone is the smallest size, chosen by setting; twoZones turns it on.',
    },
  ])
}
