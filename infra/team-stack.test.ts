import { Aspects } from 'aws-cdk-lib'
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions'
import { AwsSolutionsChecks } from 'cdk-nag'
import { describe, expect, test } from 'vitest'
import { permissions } from '#server/aws/permissions.ts'
import { CannotDo } from '#server/command-line/shell.ts'
import { gaugesInLine } from '#server/wiring/metrics-line.ts'
import { alarms } from './alarms.ts'
import { leastConfig, mostConfig, settingsFor, smallConfig } from './installation.fixture.ts'
import { grantsOf } from './role.ts'
import { templateOf } from './synth.ts'
import { teamApp } from './team-stack.ts'

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is data of many shapes
  readonly Properties: any
  readonly DeletionPolicy?: string
}

/** CloudFormation quotas, "Template body size in a request". */
const templateBytesMax = 51_200

const sizes = { least: leastConfig, most: mostConfig, small: smallConfig } as const
type Size = keyof typeof sizes

// Made once for every test of this file: loading the CDK takes most of the time.
const made = Object.fromEntries(
  Object.entries(sizes).map(([name, config]) => {
    const settings = settingsFor(config)
    const { app, stack } = teamApp(settings)
    Aspects.of(app).add(new AwsSolutionsChecks())
    const template = Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }
    return [name, { settings, stack, resources: Object.values(template.Resources) }]
  }),
) as Record<Size, ReturnType<typeof of>>

function of(_size: Size) {
  const settings = settingsFor(leastConfig)
  return { settings, stack: teamApp(settings).stack, resources: [] as Resource[] }
}

const ofType = (size: Size, ...types: readonly string[]) =>
  made[size].resources.filter(({ Type }) => types.includes(Type))

for (const size of Object.keys(sizes) as Size[]) {
  describe(`the ${size} that can be set`, () => {
    test("keeps AWS's rules, but for the exceptions that are explained", () => {
      const { stack } = made[size]
      const found = [
        ...Annotations.fromStack(stack).findError('*', Match.anyValue()),
        ...Annotations.fromStack(stack).findWarning('*', Match.anyValue()),
      ]
      expect(found.map(({ id, entry }) => `${id} ${entry.data}`)).toEqual([])
    })

    test('has no wildcard that is not explained, and none for whom it does not know', () => {
      const { settings } = made[size]
      const policies = ofType(size, 'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
      const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      const wide = statements.filter((one) => JSON.stringify(one.Resource).includes('*'))
      const explained = grantsOf(settings)
        .filter(({ wildcard }) => wildcard !== null)
        .flatMap((grant) => grant.permissions.map(({ action }) => action))
      const actions = wide.flatMap(({ Action }) => Action)
      expect(actions.filter((one) => !explained.includes(one))).toEqual([
        'ecr:GetAuthorizationToken',
      ])
      expect(statements.flatMap(({ Action }) => Action).filter((one) => one.includes('*'))).toEqual(
        [],
      )
      const trusted = ofType(size, 'AWS::IAM::Role').flatMap(
        ({ Properties }) => Properties.AssumeRolePolicyDocument.Statement,
      )
      expect(trusted.every(({ Principal }) => /amazonaws\.com$/.test(Principal.Service))).toBe(true)
    })

    test('has a database that nobody outside reaches, encrypted, by TLS and IAM, kept and backed up', () => {
      const [database, ...readers] = ofType(size, 'AWS::RDS::DBCluster', 'AWS::RDS::DBInstance')
      expect(database?.Properties).toMatchObject({
        StorageEncrypted: true,
        DeletionProtection: true,
        EnableIAMDatabaseAuthentication: true,
        ManageMasterUserPassword: true,
        BackupRetentionPeriod: 35,
      })
      expect(database?.DeletionPolicy).toBe('Snapshot')
      expect(database?.Properties).not.toHaveProperty('MasterUserPassword')
      const instances = [database, ...readers].filter((one) => one?.Type === 'AWS::RDS::DBInstance')
      expect(instances.length).toBeGreaterThan(0)
      expect(instances.every((one) => one?.Properties.PubliclyAccessible === false)).toBe(true)
      const [parameters] = ofType(
        size,
        'AWS::RDS::DBClusterParameterGroup',
        'AWS::RDS::DBParameterGroup',
      )
      expect(parameters?.Properties.Parameters).toEqual({ 'rds.force_ssl': '1' })
      const subnets = ofType(size, 'AWS::EC2::Subnet')
      expect(subnets.every(({ Properties }) => Properties.MapPublicIpOnLaunch === false)).toBe(true)
    })

    test('is entered by TLS only, and by nothing but the load balancer', () => {
      const listeners = ofType(size, 'AWS::ElasticLoadBalancingV2::Listener')
      expect(listeners.map(({ Properties }) => [Properties.Port, Properties.Protocol])).toEqual([
        [443, 'HTTPS'],
      ])
      expect(listeners[0]?.Properties.SslPolicy).toMatch(/TLS13-1-2/)
      const rules = [
        ...ofType(size, 'AWS::EC2::SecurityGroup').flatMap(
          ({ Properties }) => Properties.SecurityGroupIngress ?? [],
        ),
        ...ofType(size, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties),
      ]
      const fromAnywhere = rules.filter(({ CidrIp }) => CidrIp !== undefined)
      expect(fromAnywhere.map(({ CidrIp, FromPort }) => [CidrIp, FromPort])).toEqual([
        ['0.0.0.0/0', 443],
      ])
    })

    test('encrypts whatever it keeps', () => {
      const logs = ofType(size, 'AWS::Logs::LogGroup')
      const topics = ofType(size, 'AWS::SNS::Topic')
      const secrets = ofType(size, 'AWS::SecretsManager::Secret')
      expect(logs.length * topics.length * secrets.length).toBeGreaterThan(0)
      for (const { Properties } of [...logs, ...secrets]) expect(Properties.KmsKeyId).toBeDefined()
      for (const { Properties } of topics) expect(Properties.KmsMasterKeyId).toBeDefined()
      expect(logs.every(({ Properties }) => Properties.RetentionInDays === 365)).toBe(true)
      const [files] = ofType(size, 'AWS::EFS::FileSystem')
      expect(files?.Properties).toMatchObject({ Encrypted: true })
      const buckets = ofType(size, 'AWS::S3::Bucket')
      expect(buckets.every(({ Properties }) => Properties.BucketEncryption !== undefined)).toBe(
        true,
      )
      const [key] = ofType(size, 'AWS::KMS::Key')
      expect(key?.Properties.EnableKeyRotation).toBe(true)
    })

    test('runs TEAM on ARM, as nobody, in a folder that cannot be written to', () => {
      const [task] = ofType(size, 'AWS::ECS::TaskDefinition')
      expect(task?.Properties.RuntimePlatform.CpuArchitecture).toBe('ARM64')
      const containers = task?.Properties.ContainerDefinitions
      expect(containers).toHaveLength(2)
      for (const container of containers) {
        expect(container).toMatchObject({ ReadonlyRootFilesystem: true, User: '65532' })
        const names = container.Environment.map(({ Name }: { Name: string }) => Name)
        expect(names.filter((name: string) => /SECRET|PASSWORD/.test(name))).toEqual([])
      }
      const [service] = ofType(size, 'AWS::ECS::Service')
      expect(service?.Properties).toMatchObject({
        DesiredCount: 2,
        EnableExecuteCommand: false,
        DeploymentConfiguration: { MinimumHealthyPercent: 100 },
      })
    })

    test('can be sent to CloudFormation without a bucket', () => {
      const text = JSON.stringify(templateOf(made[size].settings))
      expect(Buffer.byteLength(text)).toBeLessThan(templateBytesMax)
      expect(text).not.toContain('cdk_nag')
    })
  })
}

test('the role may do what TEAM calls, and what is not set up it may not', () => {
  const granted = (size: Size) =>
    grantsOf(made[size].settings)
      .filter(({ resources }) => resources.length > 0)
      .flatMap((grant) => grant.permissions.map(({ action }) => action))
      .toSorted()
  const all = permissions.flatMap(({ action }) => action ?? []).toSorted()
  expect(granted('most')).toEqual(all)
  expect(all.filter((action) => !granted('least').includes(action))).toEqual([
    'cloudtrail:CancelQuery',
    'cloudtrail:DescribeQuery',
    'cloudtrail:GetQueryResults',
    'cloudtrail:StartQuery',
    'logs:GetQueryResults',
    'logs:StartQuery',
    'logs:StopQuery',
    'sns:Publish',
  ])
  const [policy] = ofType('most', 'AWS::IAM::Policy').filter(({ Properties }) =>
    JSON.stringify(Properties.Roles).includes('TaskTaskRole'),
  )
  const actions = policy?.Properties.PolicyDocument.Statement.flatMap(
    ({ Action }: { Action: string | string[] }) => Action,
  )
  expect(actions.toSorted()).toEqual(
    [
      ...all,
      'elasticfilesystem:ClientMount',
      'elasticfilesystem:ClientWrite',
      'kms:Decrypt',
      'rds-db:connect',
    ].toSorted(),
  )
})

test('the former TEAM_SECRET is given to TEAM, and to be read by whoever starts it, only where it is named', () => {
  const given = (size: Size) => {
    const containers = ofType(size, 'AWS::ECS::TaskDefinition')[0]?.Properties.ContainerDefinitions
    const named = containers.map(
      ({ Name, Secrets }: { Name: string; Secrets: { Name: string }[] }) =>
        [Name, ...Secrets.map((secret) => secret.Name)].join(' '),
    )
    const readable = JSON.stringify(ofType(size, 'AWS::IAM::Policy')).includes(
      mostConfig.deploy.previousSecretArn,
    )
    return { named, readable }
  }
  const prepare = 'prepare-database TEAM_SECRET DATABASE_MASTER_USER DATABASE_MASTER_PASSWORD'
  expect(given('least')).toEqual({ named: [prepare, 'team TEAM_SECRET'], readable: false })
  expect(given('most')).toEqual({
    named: [prepare, 'team TEAM_SECRET TEAM_SECRET_PREVIOUS'],
    readable: true,
  })
})

test('every alarm is on a metric that is in the log', () => {
  const said = [...gaugesInLine, 'team_excess_access_seconds', 'team_time_to_grant_seconds']
  expect(alarms.filter(({ metric }) => !said.includes(metric))).toEqual([])
  expect(ofType('least', 'AWS::CloudWatch::Alarm')).toHaveLength(alarms.length + 4)
})

test('what is missing is told at once, a line each', () => {
  const wrong = () => settingsFor({ region: 'eu-west-1', publicUrl: 'https://team.example.com' })
  expect(wrong).toThrow(CannotDo)
  expect(wrong).toThrow(
    /^teamAdminGroup is missing[\s\S]*samlMetadataUrl is missing[\s\S]*deploy is missing/,
  )
  expect(() => settingsFor({ ...leastConfig, publicUrl: 'https://team.example.com:8443' })).toThrow(
    /^publicUrl is not/,
  )
})
