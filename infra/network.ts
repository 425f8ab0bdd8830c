/** Where TEAM runs: two zones, and nothing in them that the internet may connect to but the door. */
import { RemovalPolicy, type Stack, Tags } from 'aws-cdk-lib'

import {
  InterfaceVpcEndpointAwsService as Endpoint,
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { StackSettings } from './settings.ts'

export const teamPort = 8080
export const postgresPort = 5432
const nfsPort = 2049

export interface Network {
  readonly vpc: Vpc
  readonly taskSubnets: SubnetSelection
  readonly dataSubnets: SubnetSelection
  readonly door: SecurityGroup
  readonly task: SecurityGroup
  readonly database: SecurityGroup
  readonly files: SecurityGroup
}

export function makeNetwork(stack: Stack, settings: StackSettings, key: IKey): Network {
  const { deploy } = settings
  const throughNat = deploy.egress === 'nat-gateway'
  const vpc = new Vpc(stack, 'Network', {
    ipAddresses: IpAddresses.cidr(deploy.network),
    maxAzs: 2,
    natGateways: throughNat ? 1 : 0,
    subnetConfiguration: [
      { name: 'door', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      ...(throughNat
        ? [{ name: 'team', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 }]
        : []),
      { name: 'data', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
    ],
  })
  // What only the CDK would read again, in a template whose length is limited.
  for (const tag of ['aws-cdk:subnet-name', 'aws-cdk:subnet-type']) Tags.of(vpc).remove(tag)
  vpc.addFlowLog('FlowLog', {
    destination: FlowLogDestination.toCloudWatchLogs(
      new LogGroup(stack, 'FlowLogGroup', {
        retention: deploy.logDays as RetentionDays,
        encryptionKey: key,
        removalPolicy: RemovalPolicy.RETAIN,
      }),
    ),
  })
  const groups = makeGroups(stack, vpc, settings)
  const network: Network = {
    vpc,
    taskSubnets: { subnetType: throughNat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PUBLIC },
    dataSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    ...groups,
  }
  if (deploy.privateEndpoints) addEndpoints(stack, network)
  return network
}

function makeGroups(stack: Stack, vpc: Vpc, { deploy }: StackSettings) {
  const group = (id: string, description: string, allowAllOutbound: boolean) =>
    new SecurityGroup(stack, id, { vpc, description, allowAllOutbound })
  const door = group('DoorGroup', 'The load balancer', false)
  const task = group('TaskGroup', 'The copies of TEAM', false)
  const database = group('DatabaseGroup', 'PostgreSQL', false)
  const files = group('FilesGroup', 'The log of intents', false)
  for (const network of deploy.allowedNetworks) {
    door.addIngressRule(Peer.ipv4(network), Port.tcp(443), 'People, by TLS')
  }
  door.addEgressRule(task, Port.tcp(teamPort), 'To TEAM')
  task.addIngressRule(door, Port.tcp(teamPort), 'From the load balancer')
  task.addEgressRule(database, Port.tcp(postgresPort), 'To PostgreSQL')
  task.addEgressRule(files, Port.tcp(nfsPort), 'To the log of intents')
  task.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'To AWS, and to Slack and webhooks, by TLS')
  database.addIngressRule(task, Port.tcp(postgresPort), 'From TEAM')
  files.addIngressRule(task, Port.tcp(nfsPort), 'From TEAM')
  return { door, task, database, files }
}

/** Identity Center, the identity store, Organizations and the access portal stay outside. */
function addEndpoints(stack: Stack, { vpc, taskSubnets, task }: Network): void {
  vpc.addGatewayEndpoint('S3Endpoint', { service: GatewayVpcEndpointAwsService.S3 })
  const group: ISecurityGroup = new SecurityGroup(stack, 'EndpointGroup', {
    vpc,
    description: 'Endpoints of AWS services',
    allowAllOutbound: false,
  })
  group.addIngressRule(task, Port.tcp(443), 'From TEAM')
  const services = {
    EcrApi: Endpoint.ECR,
    EcrImages: Endpoint.ECR_DOCKER,
    Logs: Endpoint.CLOUDWATCH_LOGS,
    Secrets: Endpoint.SECRETS_MANAGER,
  }
  for (const [name, service] of Object.entries(services)) {
    vpc.addInterfaceEndpoint(`${name}Endpoint`, {
      service,
      subnets: taskSubnets,
      securityGroups: [group],
      open: false,
    })
  }
}
