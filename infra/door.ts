/** The load balancer: TLS 1.2 and 1.3, and nothing else. */
import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import {
  Certificate,
  CertificateValidation,
  type ICertificate,
} from 'aws-cdk-lib/aws-certificatemanager'
import { SubnetType } from 'aws-cdk-lib/aws-ec2'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  type ApplicationTargetGroup,
  DesyncMitigationMode,
  SslPolicy,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { ARecord, HostedZone, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2'
import { type Network, teamPort } from './network.ts'
import type { StackSettings } from './settings.ts'

export interface Door {
  readonly loadBalancer: ApplicationLoadBalancer
  readonly targets: ApplicationTargetGroup
}

/** Between the streams' heartbeats, of 15 seconds, and a long export. */
const idleSeconds = 120
/** As long as a page may take to load; streams reconnect at once. */
const deregisterSeconds = 20

export function makeDoor(
  stack: Stack,
  {
    settings,
    network,
    service,
  }: { settings: StackSettings; network: Network; service: FargateService },
): Door {
  const { deploy } = settings
  const isPublic = deploy.access === 'public'
  const loadBalancer = new ApplicationLoadBalancer(stack, 'Door', {
    vpc: network.vpc,
    internetFacing: isPublic,
    vpcSubnets: {
      subnetType: isPublic ? SubnetType.PUBLIC : SubnetType.PRIVATE_ISOLATED,
    },
    securityGroup: network.door,
    dropInvalidHeaderFields: true,
    desyncMitigationMode: DesyncMitigationMode.STRICTEST,
    idleTimeout: Duration.seconds(idleSeconds),
    deletionProtection: false,
  })
  loadBalancer.logAccessLogs(makeLogBucket(stack, deploy.logDays))
  const zone = zoneOf(stack, settings)
  const listener = loadBalancer.addListener('Tls', {
    port: 443,
    protocol: ApplicationProtocol.HTTPS,
    certificates: [certificateOf(stack, settings, zone)],
    sslPolicy: SslPolicy.TLS13_RES,
    open: false,
  })
  const targets = listener.addTargets('Team', {
    port: teamPort,
    protocol: ApplicationProtocol.HTTP,
    targets: [service],
    deregistrationDelay: Duration.seconds(deregisterSeconds),
    healthCheck: {
      path: '/readyz',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
    },
  })
  if (zone !== null) {
    new ARecord(stack, 'Name', {
      zone,
      recordName: `${new URL(settings.publicUrl).hostname}.`,
      target: RecordTarget.fromAlias(new LoadBalancerTarget(loadBalancer)),
    })
  }
  if (deploy.webFirewall) addFirewall(stack, loadBalancer)
  return { loadBalancer, targets }
}

/** Load balancers write with S3's own keys only (ELB user guide, "Access logs"). */
function makeLogBucket(stack: Stack, days: number): Bucket {
  return new Bucket(stack, 'DoorLog', {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [{ expiration: Duration.days(days) }],
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

function zoneOf(stack: Stack, { deploy }: StackSettings): IHostedZone | null {
  if (deploy.hostedZone === undefined) return null
  const { id: hostedZoneId, name: zoneName } = deploy.hostedZone
  return HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId, zoneName })
}

function certificateOf(
  stack: Stack,
  { deploy, publicUrl }: StackSettings,
  zone: IHostedZone | null,
): ICertificate {
  if (zone === null) {
    return Certificate.fromCertificateArn(stack, 'Certificate', deploy.certificateArn ?? '')
  }
  return new Certificate(stack, 'Certificate', {
    domainName: new URL(publicUrl).hostname,
    validation: CertificateValidation.fromDns(zone),
  })
}

const managed = (name: string, priority: number, counted: readonly string[] = []) => ({
  name,
  priority,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name,
      ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
    },
  },
  visibilityConfig: visible(name),
})

const visible = (metricName: string) => ({
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
  metricName,
})

const requestsPerFiveMinutes = 5_000

function addFirewall(stack: Stack, loadBalancer: ApplicationLoadBalancer): void {
  const firewall = new CfnWebACL(stack, 'Firewall', {
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    visibilityConfig: visible('TeamFirewall'),
    rules: [
      // A signed SAML response is longer than the 8 KB that the size rule allows.
      managed('AWSManagedRulesCommonRuleSet', 1, ['SizeRestrictions_BODY']),
      managed('AWSManagedRulesKnownBadInputsRuleSet', 2),
      managed('AWSManagedRulesAmazonIpReputationList', 3),
      {
        name: 'TooMany',
        priority: 4,
        action: { block: {} },
        statement: {
          rateBasedStatement: { aggregateKeyType: 'IP', limit: requestsPerFiveMinutes },
        },
        visibilityConfig: visible('TooMany'),
      },
    ],
  })
  new CfnWebACLAssociation(stack, 'FirewallOfDoor', {
    resourceArn: loadBalancer.loadBalancerArn,
    webAclArn: firewall.attrArn,
  })
}
