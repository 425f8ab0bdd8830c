/** What TEAM keeps: PostgreSQL, and outside of it the log of intents. Both outlive the stack. */
import { Aws, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { InstanceType } from 'aws-cdk-lib/aws-ec2'
import {
  type AccessPoint,
  FileSystem,
  LifecyclePolicy,
  OutOfInfrequentAccessPolicy,
} from 'aws-cdk-lib/aws-efs'
import {
  AccountRootPrincipal,
  AnyPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
} from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  AuroraPostgresEngineVersion,
  type CfnDBCluster,
  type CfnDBInstance,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  DatabaseInstance,
  DatabaseInstanceEngine,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds'
import type { Network } from './network.ts'
import type { StackSettings } from './settings.ts'

/** Whom TEAM logs in as, by IAM. */
export const databaseUser = 'team'
export const databaseName = 'team'
const masterUser = 'master'

export interface Database {
  readonly host: string
  /** In Secrets Manager, made and turned over by RDS. */
  readonly masterSecretArn: string
  /** For `rds-db:connect`. */
  readonly userArn: string
  readonly identifier:
    | { readonly DBClusterIdentifier: string }
    | { readonly DBInstanceIdentifier: string }
}

export function makeDatabase(
  stack: Stack,
  network: Network,
  { settings, key }: { settings: StackSettings; key: IKey },
): Database {
  const { deploy } = settings
  const common = {
    vpc: network.vpc,
    vpcSubnets: network.dataSubnets,
    securityGroups: [network.database],
    credentials: Credentials.fromUsername(masterUser),
    manageMasterUserPassword: true,
    iamAuthentication: true,
    storageEncrypted: true,
    storageEncryptionKey: key,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    cloudwatchLogsExports: ['postgresql'],
  }
  const { database } = deploy
  if (database.kind === 'aurora') {
    const cluster = new DatabaseCluster(stack, 'Database', {
      ...common,
      engine: DatabaseClusterEngine.auroraPostgres({
        version: AuroraPostgresEngineVersion.VER_17_7,
      }),
      defaultDatabaseName: databaseName,
      serverlessV2MinCapacity: database.capacityMin,
      serverlessV2MaxCapacity: database.capacityMax,
      writer: ClusterInstance.serverlessV2('Writer', { publiclyAccessible: false }),
      readers: Array.from({ length: database.readers }, (_, at) =>
        ClusterInstance.serverlessV2(`Reader${at + 1}`, {
          publiclyAccessible: false,
          scaleWithWriter: at === 0,
        }),
      ),
      backup: { retention: Duration.days(deploy.backupDays) },
      parameters: { 'rds.force_ssl': '1' },
    })
    // The L2 construct makes it; this is its own resource.
    const own = cluster.node.defaultChild as CfnDBCluster
    encryptPassword(own, key)
    return {
      host: cluster.clusterEndpoint.hostname,
      masterSecretArn: own.attrMasterUserSecretSecretArn,
      userArn: userArn(cluster.clusterResourceIdentifier),
      identifier: { DBClusterIdentifier: cluster.clusterIdentifier },
    }
  }
  // Another name than the cluster's: CloudFormation changes no type under one name.
  const instance = new DatabaseInstance(stack, 'DatabaseInstance', {
    ...common,
    engine: DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_17_7 }),
    databaseName,
    instanceType: new InstanceType(database.instanceClass),
    multiAz: database.twoZones,
    allocatedStorage: database.storageGb,
    maxAllocatedStorage: Math.max(100, database.storageGb * 2),
    storageType: StorageType.GP3,
    backupRetention: Duration.days(deploy.backupDays),
    deleteAutomatedBackups: false,
    publiclyAccessible: false,
    autoMinorVersionUpgrade: true,
    parameters: { 'rds.force_ssl': '1' },
  })
  const own = instance.node.defaultChild as CfnDBInstance
  encryptPassword(own, key)
  return {
    host: instance.dbInstanceEndpointAddress,
    masterSecretArn: own.attrMasterUserSecretSecretArn,
    userArn: userArn(own.attrDbiResourceId),
    identifier: { DBInstanceIdentifier: instance.instanceIdentifier },
  }
}

/** RDS makes the master user's password, keeps it in Secrets Manager and changes it every week. */
function encryptPassword(own: CfnDBCluster | CfnDBInstance, key: IKey): void {
  own.masterUserSecret = { kmsKeyId: key.keyArn }
}

const userArn = (resourceId: string) =>
  `arn:${Aws.PARTITION}:rds-db:${Aws.REGION}:${Aws.ACCOUNT_ID}:dbuser:${resourceId}/${databaseUser}`

export interface Files {
  readonly fileSystem: FileSystem
  readonly accessPoint: AccessPoint
}

/** Another service than the database's, so that a restore of the one does not take the other back. */
export function makeFiles(
  stack: Stack,
  network: Network,
  { key, userId }: { key: IKey; userId: string },
): Files {
  const fileSystem = new FileSystem(stack, 'Intents', {
    vpc: network.vpc,
    vpcSubnets: network.dataSubnets,
    securityGroup: network.files,
    encrypted: true,
    kmsKey: key,
    enableAutomaticBackups: true,
    lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
    outOfInfrequentAccessPolicy: OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
    removalPolicy: RemovalPolicy.RETAIN,
    fileSystemPolicy: intentsPolicy(),
  })
  const accessPoint = fileSystem.addAccessPoint('IntentsOfTeam', {
    path: '/team',
    createAcl: { ownerUid: userId, ownerGid: userId, permissions: '700' },
    posixUser: { uid: userId, gid: userId },
  })
  return { fileSystem, accessPoint }
}

/** By TLS, and only whom this account's own policies let in: the task's role does, nobody else. */
function intentsPolicy(): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        principals: [new AccountRootPrincipal()],
        actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
        conditions: { Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
      }),
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['*'],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ],
  })
}
