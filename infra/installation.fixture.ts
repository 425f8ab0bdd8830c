import { type TeamConfig, teamConfig } from '#server/config-file/schema.ts'
import { stackSettings } from './settings.ts'

/** The least that `team deploy` needs. */
export const leastConfig = {
  region: 'eu-west-1',
  publicUrl: 'https://team.example.com',
  teamAdminGroup: 'TEAM admins',
  teamAuditorGroup: 'TEAM auditors',
  idcLoginUrl: 'https://d-1234567890.awsapps.com/start',
  emailSource: 'team@example.com',
  samlMetadataUrl: 'https://portal.sso.eu-west-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEy',
  deploy: {
    image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:0.1.0',
    identityCenter: {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
      identityStoreId: 'd-1234567890',
    },
    certificateArn:
      'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f',
  },
} as const

/** With everything that can be turned on, turned on. */
export const mostConfig = {
  ...leastConfig,
  cloudTrailAuditLogs:
    'arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/e646f20d-7959-4682-be84-6c5b8a37cf15',
  tags: { project: 'team' },
  deploy: {
    image: leastConfig.deploy.image,
    identityCenter: {
      ...leastConfig.deploy.identityCenter,
      keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f',
    },
    hostedZone: { id: 'Z0123456789ABCDEFGHIJ', name: 'example.com' },
    access: 'public',
    webFirewall: true,
    privateEndpoints: true,
    alarmEmail: 'ops@example.com',
    previousSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:team-previous-AbCdEf',
    topicArns: ['arn:aws:sns:eu-west-1:111122223333:team'],
    trailLogGroupArn: 'arn:aws:logs:eu-west-1:111122223333:log-group:organization-trail',
  },
} as const

/** The cheapest. */
export const smallConfig = {
  ...leastConfig,
  deploy: {
    ...leastConfig.deploy,
    access: 'internal',
    egress: 'public-address',
    cpu: 256,
    memoryMb: 1024,
    database: { kind: 'instance' },
  },
} as const

export function settingsFor(config: unknown) {
  const parsed: TeamConfig = teamConfig.parse(config)
  return stackSettings(parsed)
}
