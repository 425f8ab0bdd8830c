/**
 * The metrics that alarms use as a line of the log, in CloudWatch's embedded metric format: CloudWatch
 * reads them out of the log group by itself, and no agent runs beside TEAM
 * (CloudWatch user guide, "Specification: Embedded metric format").
 */
import type { Metrics, Recent } from './metrics.ts'

/** What goes into the line; every one of them costs, so what no alarm or dashboard uses is left out. */
export const gaugesInLine = [
  'team_leader',
  'team_late_removals',
  'team_unsettled_keys',
  'team_last_pass_age_seconds',
  'team_directory_age_seconds',
  'team_held_refreshes',
  'team_notices_undelivered',
  'team_drift',
  'team_creations_held',
] as const

export const installationDimension = 'Installation'

export interface LineOptions {
  readonly namespace: string
  /** Which installation, where several share an account. */
  readonly installation: string
  readonly at: Date
}

type Values = Readonly<Record<string, number | readonly number[]>>

export async function metricsLine(metrics: Metrics, options: LineOptions): Promise<object> {
  const values = { ...(await gaugesOf(metrics)), ...recentOf(metrics.takeRecent()) }
  return {
    _aws: {
      Timestamp: options.at.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: options.namespace,
          Dimensions: [[installationDimension]],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: unitOf(Name) })),
        },
      ],
    },
    [installationDimension]: options.installation,
    ...values,
  }
}

/** What could not be read is not a number, and left out: an alarm takes its absence for bad. */
async function gaugesOf({ registry }: Metrics): Promise<Values> {
  const read = await Promise.all(
    gaugesInLine.map(async (name) => {
      const found = await registry.getSingleMetric(name)?.get()
      return [name, found?.values[0]?.value ?? Number.NaN] as const
    }),
  )
  return Object.fromEntries(read.filter(([, value]) => Number.isFinite(value)))
}

function recentOf({ excessSeconds, timeToGrantSeconds, calls, callsFailed }: Recent): Values {
  return {
    ...(excessSeconds.length > 0 && { team_excess_access_seconds: excessSeconds }),
    ...(timeToGrantSeconds.length > 0 && { team_time_to_grant_seconds: timeToGrantSeconds }),
    team_aws_calls: calls,
    team_aws_calls_failed: callsFailed,
  }
}

const unitOf = (name: string) => (name.endsWith('_seconds') ? 'Seconds' : 'Count')
