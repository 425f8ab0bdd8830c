/** Which metrics ring, when, and what each means; docs/operate/alarms.md says what to do. */
import { Duration } from 'aws-cdk-lib'

export interface AlarmRow {
  readonly id: string
  readonly metric: string
  readonly statistic: string
  readonly period: Duration
  readonly threshold: number
  readonly comparison: 'above' | 'below'
  readonly periods: number
  /** What it means that nothing was said. */
  readonly silence: 'bad' | 'fine'
  readonly means: string
}

const minute = Duration.minutes(1)
const usual = {
  statistic: 'Maximum',
  period: minute,
  comparison: 'above',
  silence: 'fine',
} as const

export const alarms: readonly AlarmRow[] = [
  {
    ...usual,
    id: 'LateRemovals',
    metric: 'team_late_removals',
    threshold: 0,
    periods: 1,
    means: 'access that should be gone is not confirmed to be gone',
  },
  {
    ...usual,
    id: 'ExcessAccess',
    metric: 'team_excess_access_seconds',
    statistic: 'p99',
    period: Duration.days(1),
    threshold: 60,
    periods: 1,
    means: 'removals are slow, though none may be late now',
  },
  {
    ...usual,
    id: 'UnsettledKeys',
    metric: 'team_unsettled_keys',
    threshold: 0,
    periods: 30,
    means: 'calls whose answers were lost, more than now and then',
  },
  {
    ...usual,
    id: 'NoLeader',
    metric: 'team_leader',
    comparison: 'below',
    threshold: 1,
    periods: 3,
    silence: 'bad',
    means: 'nobody acts on AWS, or no copy runs',
  },
  {
    ...usual,
    id: 'EngineStands',
    metric: 'team_last_pass_age_seconds',
    threshold: 30,
    periods: 2,
    silence: 'bad',
    means: "the engine's loop does not go round",
  },
  {
    ...usual,
    id: 'SlowGrants',
    metric: 'team_time_to_grant_seconds',
    statistic: 'p95',
    period: Duration.hours(1),
    threshold: 60,
    periods: 1,
    means: 'people wait for access',
  },
  {
    ...usual,
    id: 'OldDirectory',
    metric: 'team_directory_age_seconds',
    threshold: 600,
    periods: 2,
    means: 'leavers and changes of groups are seen late',
  },
  {
    ...usual,
    id: 'HeldRefresh',
    metric: 'team_held_refreshes',
    threshold: 0,
    periods: 1,
    means: 'a reading of AWS that would remove much waits for a word',
  },
  {
    ...usual,
    id: 'Undelivered',
    metric: 'team_notices_undelivered',
    threshold: 10,
    periods: 5,
    means: 'people are not told',
  },
  {
    ...usual,
    id: 'CreationsHeld',
    metric: 'team_creations_held',
    threshold: 0,
    periods: 1,
    means: 'after a restore: nothing is created',
  },
]
