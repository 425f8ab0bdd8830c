/** The copies of TEAM on Fargate. */
import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { Repository } from 'aws-cdk-lib/aws-ecr'
import {
  AwsLogDriverMode,
  Cluster,
  ContainerDependencyCondition,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type HealthCheck,
  LogDriver,
  OperatingSystemFamily,
  Secret as TaskSecret,
} from 'aws-cdk-lib/aws-ecs'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { metricsNamespace } from './names.ts'
import { type Network, postgresPort, teamPort } from './network.ts'
import { statementsOf } from './role.ts'
import type { StackSettings } from './settings.ts'
import { type Database, databaseName, databaseUser, type Files } from './storage.ts'

/** `nonroot` of the distroless images. */
export const userId = '65532'
const dataFolder = '/data'
const node = '/nodejs/bin/node'
/** Longer than TEAM takes to leave: the drain, the answers under way, the call under way. */
const stopSeconds = 60

export interface Service {
  readonly service: FargateService
  readonly logGroup: LogGroup
  readonly cluster: Cluster
}

export interface ServiceNeeds {
  readonly settings: StackSettings
  readonly network: Network
  readonly database: Database
  readonly files: Files
  readonly key: IKey
}

export function makeService(stack: Stack, needs: ServiceNeeds): Service {
  const { settings, network, key } = needs
  const { deploy } = settings
  const logGroup = new LogGroup(stack, 'Log', {
    retention: deploy.logDays as RetentionDays,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  const task = new FargateTaskDefinition(stack, 'Task', {
    cpu: deploy.cpu,
    memoryLimitMiB: deploy.memoryMb,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
    volumes: [intentsVolume(needs.files)],
  })
  addContainers(stack, task, { ...needs, logGroup })
  allow(task, needs)
  const cluster = new Cluster(stack, 'Cluster', { vpc: network.vpc })
  const service = new FargateService(stack, 'Service', {
    cluster,
    taskDefinition: task,
    desiredCount: deploy.copies,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { rollback: true },
    securityGroups: [network.task],
    vpcSubnets: network.taskSubnets,
    assignPublicIp: deploy.egress === 'public-address',
    enableExecuteCommand: false,
    enableECSManagedTags: true,
    healthCheckGracePeriod: Duration.seconds(120),
  })
  return { service, logGroup, cluster }
}

const volumeName = 'intents'

function intentsVolume({ fileSystem, accessPoint }: Files) {
  return {
    name: volumeName,
    efsVolumeConfiguration: {
      fileSystemId: fileSystem.fileSystemId,
      transitEncryption: 'ENABLED',
      authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: 'ENABLED' },
    },
  }
}

function addContainers(
  stack: Stack,
  task: FargateTaskDefinition,
  needs: ServiceNeeds & { logGroup: LogGroup },
): void {
  const { settings, database, logGroup, key } = needs
  const secret = new Secret(stack, 'KeyMaterial', {
    description:
      'TEAM_SECRET: the key material of TEAM; see docs/operate/deploy.md before changing it',
    encryptionKey: key,
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
    removalPolicy: RemovalPolicy.RETAIN,
  })
  const master = Secret.fromSecretCompleteArn(stack, 'Master', database.masterSecretArn)
  const shared = {
    image: imageOf(stack, settings.deploy.image),
    environment: environmentOf(needs),
    user: userId,
    readonlyRootFilesystem: true,
  }
  const log = (streamPrefix: string) =>
    LogDriver.awsLogs({ logGroup, streamPrefix, mode: AwsLogDriverMode.NON_BLOCKING })
  const prepare = task.addContainer('prepare-database', {
    ...shared,
    essential: false,
    command: ['server/prepare-database.ts'],
    secrets: {
      TEAM_SECRET: TaskSecret.fromSecretsManager(secret),
      DATABASE_MASTER_USER: TaskSecret.fromSecretsManager(master, 'username'),
      DATABASE_MASTER_PASSWORD: TaskSecret.fromSecretsManager(master, 'password'),
    },
    logging: log('prepare-database'),
  })
  const team = task.addContainer('team', {
    ...shared,
    secrets: {
      TEAM_SECRET: TaskSecret.fromSecretsManager(secret),
      ...previousSecret(stack, settings.deploy.previousSecretArn),
    },
    portMappings: [{ containerPort: teamPort }],
    healthCheck: healthCheck(),
    stopTimeout: Duration.seconds(stopSeconds),
    logging: log('team'),
  })
  team.addContainerDependencies({
    container: prepare,
    condition: ContainerDependencyCondition.SUCCESS,
  })
  team.addMountPoints({ containerPath: dataFolder, sourceVolume: volumeName, readOnly: false })
}

/** While TEAM_SECRET is changed. The role that starts the task may read it by this. */
function previousSecret(stack: Stack, arn: string | undefined): Record<string, TaskSecret> {
  if (arn === undefined) return {}
  const secret = Secret.fromSecretCompleteArn(stack, 'Previous', arn)
  return { TEAM_SECRET_PREVIOUS: TaskSecret.fromSecretsManager(secret) }
}

const healthCheck = (): HealthCheck => ({
  command: ['CMD', node, 'server/healthcheck.ts'],
  interval: Duration.seconds(15),
  timeout: Duration.seconds(5),
  retries: 3,
  startPeriod: Duration.seconds(60),
})

function environmentOf({ settings, database, network }: ServiceNeeds): Record<string, string> {
  const optional = (name: string, value: string | null) => (value === null ? {} : { [name]: value })
  return {
    HOST: '0.0.0.0',
    PORT: String(teamPort),
    PUBLIC_URL: settings.publicUrl,
    AWS_REGION: settings.region,
    DATABASE_URL: `postgres://${databaseUser}@${database.host}:${postgresPort}/${databaseName}`,
    DATABASE_AUTH: 'iam',
    TEAM_DATA_DIR: dataFolder,
    TEAM_METRICS_NAMESPACE: metricsNamespace,
    TEAM_TRUSTED_PROXIES: network.vpc.vpcCidrBlock,
    TEAM_ADMIN_GROUP: settings.adminGroup,
    TEAM_AUDITOR_GROUP: settings.auditorGroup,
    SAML_METADATA_URL: settings.samlMetadataUrl,
    ...optional('SAML_AUDIENCE', settings.samlAudience),
    ...optional('IDC_LOGIN_URL', settings.portalUrl),
    ...optional('EMAIL_SOURCE', settings.emailSource),
  }
}

/** An image of Amazon ECR is pulled with the task's own rights; of anywhere else, as anybody may. */
function imageOf(stack: Stack, image: string): ContainerImage {
  const [, account, region, name, version] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/.exec(image) ??
    []
  if (!account || !region || !name || !version) return ContainerImage.fromRegistry(image)
  const repository = Repository.fromRepositoryAttributes(stack, 'Images', {
    repositoryArn: `arn:aws:ecr:${region}:${account}:repository/${name}`,
    repositoryName: name,
  })
  return ContainerImage.fromEcrRepository(repository, version)
}

/** The calls of server/aws, and what the task needs beside them; each with its reason. */
function allow(
  task: FargateTaskDefinition,
  { settings, database, files, key }: ServiceNeeds,
): void {
  for (const statement of statementsOf(settings)) task.addToTaskRolePolicy(statement)
  task.addToTaskRolePolicy(
    new PolicyStatement({
      sid: 'DatabaseLogin',
      actions: ['rds-db:connect'],
      resources: [database.userArn],
    }),
  )
  task.addToTaskRolePolicy(
    new PolicyStatement({
      sid: 'IntentLog',
      actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
      resources: [files.fileSystem.fileSystemArn],
      conditions: {
        StringEquals: { 'elasticfilesystem:AccessPointArn': files.accessPoint.accessPointArn },
      },
    }),
  )
  // The secrets are read before TEAM starts, by the role that starts it.
  key.grantDecrypt(task.obtainExecutionRole())
}
