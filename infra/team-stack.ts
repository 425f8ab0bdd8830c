/** Everything that TEAM is in AWS, as one stack. Nothing is looked up: it is made without a network. */
import { App, Aws, CfnOutput, DefaultStackSynthesizer, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { makeDoor } from './door.ts'
import { explainExceptions } from './exceptions.ts'
import { makeNetwork } from './network.ts'
import { makeService, userId } from './service.ts'
import type { StackSettings } from './settings.ts'
import { makeDatabase, makeFiles } from './storage.ts'
import { makeWatch } from './watch.ts'

export class TeamStack extends Stack {
  constructor(app: App, settings: StackSettings) {
    super(app, settings.deploy.stackName, {
      description: 'TEAM: temporary elevated access to AWS accounts',
      env: { region: settings.region },
      // Of the stack, from which every resource has them.
      tags: settings.tags,
      // No assets, so no bucket for them, and no bootstrap.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    })
    const key = new Key(this, 'Key', {
      description: 'TEAM: database, intents, secrets, logs, alarms',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    letLogsUse(key, settings.region)
    const network = makeNetwork(this, settings, key)
    const database = makeDatabase(this, network, { settings, key })
    const files = makeFiles(this, network, { key, userId })
    const service = makeService(this, { settings, network, database, files, key })
    const door = makeDoor(this, { settings, network, service: service.service })
    service.service.node.addDependency(files.fileSystem.mountTargetsAvailable)
    makeWatch(this, { settings, door, service, database, key })
    this.#tell({ PublicUrl: settings.publicUrl, DoorName: door.loadBalancer.loadBalancerDnsName })
    this.#tell({
      LogGroup: service.logGroup.logGroupName,
      ClusterName: service.cluster.clusterName,
    })
    this.#tell({ ServiceName: service.service.serviceName })
    explainExceptions(this, settings)
  }

  #tell(outputs: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }
}

export function teamApp(settings: StackSettings): { app: App; stack: TeamStack } {
  const app = new App({
    analyticsReporting: false,
    context: { '@aws-cdk/core:explicitStackTags': true },
  })
  return { app, stack: new TeamStack(app, settings) }
}

/** For this account's log groups, and no others (CloudWatch Logs user guide, "Encrypt log data"). */
function letLogsUse(key: Key, region: string): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: [
        'kms:Encrypt*',
        'kms:Decrypt*',
        'kms:ReEncrypt*',
        'kms:GenerateDataKey*',
        'kms:Describe*',
      ],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${region}:${Aws.ACCOUNT_ID}:*`,
        },
      },
    }),
  )
}
