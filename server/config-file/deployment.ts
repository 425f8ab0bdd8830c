/** `deploy` of team.config.json: what `team deploy` makes in AWS, and how large. */
import * as z from 'zod'

const idOf = (pattern: RegExp, what: string, example: string) =>
  z
    .string()
    .regex(pattern, `is not ${what}`)
    .meta({ examples: [example] })

const arn = (service: string, rest: string) => new RegExp(`^arn:aws[a-z-]*:${service}:${rest}$`)

const identityCenter = z
  .strictObject({
    instanceArn: idOf(
      arn('sso', '::instance/(sso)?ins-[a-zA-Z0-9.-]{16}'),
      'the ARN of an IAM Identity Center instance',
      'arn:aws:sso:::instance/ssoins-1234567890abcdef',
    ),
    identityStoreId: idOf(
      /^(d-[0-9a-f]{10}|[0-9a-f-]{36})$/,
      'the id of an identity store',
      'd-1234567890',
    ),
    keyArn: idOf(
      arn('kms', '[a-z0-9-]+:\\d{12}:key/[0-9a-f-]{36}'),
      'the ARN of a KMS key',
      'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f',
    ).optional(),
  })
  .meta({
    description:
      'The instance that TEAM may use; keyArn if it is encrypted by a key of your own. `aws sso-admin list-instances` tells the first two.',
  })

const address = z
  .string()
  .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, 'is not a network such as 10.0.0.0/8')

const database = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aurora'),
      capacityMin: z.number().multipleOf(0.5).min(0.5).max(128).default(0.5),
      capacityMax: z.number().multipleOf(0.5).min(1).max(128).default(4),
      readers: z.int().min(0).max(2).default(1),
    }),
    z.strictObject({
      kind: z.literal('instance'),
      instanceClass: idOf(
        /^[a-z][a-z0-9]+\.[a-z0-9]+$/,
        'a class of instances',
        't4g.small',
      ).default('t4g.small'),
      twoZones: z.boolean().default(false),
      storageGb: z.int().min(20).max(1000).default(20),
    }),
  ])
  .meta({ description: 'PostgreSQL: Aurora Serverless v2, or one small instance of RDS.' })

export const deployment = z
  .strictObject({
    stackName: idOf(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'the name of a stack', 'team').default('team'),
    image: idOf(
      /^[a-z0-9][\w./:-]*(:[\w.-]+|@sha256:[0-9a-f]{64})$/i,
      'a container image with a tag or a digest',
      '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:0.1.0',
    ),
    identityCenter,
    certificateArn: idOf(
      arn('acm', '[a-z0-9-]+:\\d{12}:certificate/[0-9a-f-]{36}'),
      'the ARN of a certificate',
      'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f',
    ).optional(),
    hostedZone: z
      .strictObject({ id: z.string().min(1), name: z.string().min(1) })
      .meta({ description: 'Of Route 53: the certificate and the name are made in it.' })
      .optional(),
    access: z
      .enum(['public', 'internal'])
      .default('public')
      .meta({ description: 'internal: a load balancer that is reached inside the network only.' }),
    allowedNetworks: z
      .array(address)
      .min(1)
      .default(['0.0.0.0/0'])
      .meta({ description: 'From where the load balancer may be reached.' }),
    webFirewall: z.boolean().default(false).meta({ description: 'AWS WAF in front.' }),
    network: idOf(
      /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/,
      'a network such as 10.80.0.0/16',
      '10.80.0.0/16',
    )
      .default('10.80.0.0/16')
      .meta({ description: 'Addresses of the VPC that is made.' }),
    egress: z.enum(['nat-gateway', 'public-address']).default('nat-gateway').meta({
      description:
        'How TEAM reaches AWS: through a NAT gateway, or, for less money, with an address of its own that nothing may connect to.',
    }),
    privateEndpoints: z
      .boolean()
      .default(false)
      .meta({ description: 'Interface endpoints in the VPC for the services that offer them.' }),
    copies: z.int().min(1).max(10).default(2),
    cpu: z.union([256, 512, 1024, 2048].map((units) => z.literal(units))).default(512),
    memoryMb: z.int().min(512).max(16_384).default(1024),
    database: database.default({
      kind: 'aurora',
      capacityMin: 0.5,
      capacityMax: 4,
      readers: 1,
    }),
    backupDays: z.int().min(7).max(35).default(35),
    logDays: z
      .union([90, 180, 365, 731, 1827, 3653].map((days) => z.literal(days)))
      .default(365)
      .meta({ description: 'How long the log is kept, with intents and the head of the trail.' }),
    alarmEmail: z.email().optional(),
    previousSecretArn: idOf(
      arn('secretsmanager', '[a-z0-9-]+:\\d{12}:secret:[\\w/+=.@-]+-[a-zA-Z0-9]{6}'),
      'the ARN of a secret, whole',
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:team-previous-AbCdEf',
    )
      .meta({
        description:
          'TEAM_SECRET_PREVIOUS: a secret of Secrets Manager with the former TEAM_SECRET, while that is changed.',
      })
      .optional(),
    topicArns: z
      .array(
        idOf(
          arn('sns', '[a-z0-9-]+:\\d{12}:[\\w-]+(\\.fifo)?'),
          'the ARN of a topic',
          'arn:aws:sns:eu-west-1:111122223333:team',
        ),
      )
      .default([])
      .meta({ description: 'Topics that TEAM may publish notices to.' }),
    trailLogGroupArn: idOf(
      arn('logs', '[a-z0-9-]+:\\d{12}:log-group:[\\w./#-]+'),
      'the ARN of a log group, without :* at its end',
      'arn:aws:logs:eu-west-1:111122223333:log-group:organization-trail',
    ).optional(),
  })
  .refine(
    ({ certificateArn, hostedZone }) =>
      (certificateArn === undefined) !== (hostedZone === undefined),
    {
      message: 'needs either certificateArn or hostedZone',
    },
  )
  .meta({ description: 'What `team deploy` makes in AWS, and how large.' })

export type Deployment = z.output<typeof deployment>
