/** Alarms to one topic, and a dashboard of what they are about. */
import { Duration, type Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  MathExpression,
  Metric,
  type MetricProps,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { installationDimension } from '#server/wiring/metrics-line.ts'
import { type AlarmRow, alarms } from './alarms.ts'
import type { Door } from './door.ts'
import { metricsNamespace } from './names.ts'
import type { Service } from './service.ts'
import type { StackSettings } from './settings.ts'
import type { Database } from './storage.ts'

export interface Watched {
  readonly settings: StackSettings
  readonly door: Door
  readonly service: Service
  readonly database: Database
  readonly key: Key
}

export function makeWatch(stack: Stack, watched: Watched): void {
  const { settings, key } = watched
  const topic = new Topic(stack, 'Alarms', { masterKey: key, enforceSSL: true })
  key.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'))
  if (settings.deploy.alarmEmail !== undefined) {
    topic.addSubscription(new EmailSubscription(settings.deploy.alarmEmail))
  }
  const action = new SnsAction(topic)
  for (const alarm of [...ofTeam(stack, settings), ...ofAws(stack, watched)]) {
    alarm.addAlarmAction(action)
    alarm.addOkAction(action)
  }
  makeDashboard(stack, watched)
}

function metricOf(settings: StackSettings, name: string, props: Partial<MetricProps>): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName: name,
    dimensionsMap: { [installationDimension]: new URL(settings.publicUrl).host },
    ...props,
  })
}

const comparisons = {
  above: ComparisonOperator.GREATER_THAN_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_THRESHOLD,
}

function ofTeam(stack: Stack, settings: StackSettings): Alarm[] {
  const one = ({ id, metric, statistic, period, means, silence, ...row }: AlarmRow) =>
    new Alarm(stack, `Alarm${id}`, {
      metric: metricOf(settings, metric, { statistic, period }),
      alarmDescription: `${means} (docs/operate/alarms.md, ${metric})`,
      threshold: row.threshold,
      comparisonOperator: comparisons[row.comparison],
      evaluationPeriods: row.periods,
      treatMissingData:
        silence === 'bad' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    })
  return [...alarms.map(one), failedCalls(stack, settings)]
}

/** A tenth of all for ten minutes; of a handful, one says nothing. */
function failedCalls(stack: Stack, settings: StackSettings): Alarm {
  const sum = { statistic: 'Sum', period: Duration.minutes(10) }
  return new Alarm(stack, 'AlarmAwsCalls', {
    metric: new MathExpression({
      expression: 'IF(calls > 20, failed / calls, 0)',
      usingMetrics: {
        calls: metricOf(settings, 'team_aws_calls', sum),
        failed: metricOf(settings, 'team_aws_calls_failed', sum),
      },
      period: Duration.minutes(10),
    }),
    alarmDescription:
      'AWS throttles, denies or does not answer (docs/operate/alarms.md, team_aws_calls_total)',
    threshold: 0.1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  })
}

function ofAws(stack: Stack, { door, database, settings }: Watched): Alarm[] {
  const period = Duration.minutes(1)
  const quiet = { treatMissingData: TreatMissingData.NOT_BREACHING }
  return [
    new Alarm(stack, 'AlarmUnhealthyCopies', {
      ...quiet,
      metric: door.targets.metrics.healthyHostCount({ period, statistic: 'Minimum' }),
      alarmDescription: 'Fewer copies answer than should',
      threshold: settings.deploy.copies,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 10,
      treatMissingData: TreatMissingData.BREACHING,
    }),
    new Alarm(stack, 'AlarmFaults', {
      ...quiet,
      metric: door.targets.metrics.custom('HTTPCode_Target_5XX_Count', {
        period: Duration.minutes(5),
        statistic: 'Sum',
      }),
      alarmDescription: 'TEAM answers with faults',
      threshold: 10,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
    }),
    new Alarm(stack, 'AlarmDatabaseBusy', {
      ...quiet,
      metric: databaseMetric(database, 'CPUUtilization'),
      alarmDescription: 'The database has little left',
      threshold: 80,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
    }),
  ]
}

const databaseMetric = ({ identifier }: Database, metricName: string) =>
  new Metric({
    namespace: 'AWS/RDS',
    metricName,
    dimensionsMap: { ...identifier },
    statistic: 'Average',
    period: Duration.minutes(5),
  })

function makeDashboard(stack: Stack, { settings, door, service, database }: Watched): void {
  const graph = (title: string, left: Metric[]) => new GraphWidget({ title, left, width: 8 })
  const team = (name: string, statistic = 'Maximum') =>
    metricOf(settings, name, { statistic, period: Duration.minutes(5) })
  const dashboard = new Dashboard(stack, 'Dashboard')
  dashboard.addWidgets(
    graph('Late removals, unsettled keys, drift', [
      team('team_late_removals'),
      team('team_unsettled_keys'),
      team('team_drift'),
    ]),
    graph('Seconds beyond the end', [team('team_excess_access_seconds', 'p99')]),
    graph('Seconds to a grant', [team('team_time_to_grant_seconds', 'p95')]),
  )
  dashboard.addWidgets(
    graph('Leaders, age of the last pass', [
      team('team_leader'),
      team('team_last_pass_age_seconds'),
    ]),
    graph('Age of the directory', [team('team_directory_age_seconds')]),
    graph('Calls of AWS', [team('team_aws_calls', 'Sum'), team('team_aws_calls_failed', 'Sum')]),
  )
  dashboard.addWidgets(
    graph('Answers', [
      door.targets.metrics.requestCount() as Metric,
      door.targets.metrics.targetResponseTime() as Metric,
    ]),
    graph('Copies', [
      service.service.metricCpuUtilization() as Metric,
      service.service.metricMemoryUtilization() as Metric,
    ]),
    graph('Database', [
      databaseMetric(database, 'CPUUtilization'),
      databaseMetric(database, 'DatabaseConnections'),
    ]),
  )
}
