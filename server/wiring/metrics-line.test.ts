import { Gauge } from 'prom-client'
import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'
import { gaugesInLine, metricsLine } from './metrics-line.ts'

const about = {
  namespace: 'TEAM',
  installation: 'team.example.com',
  at: new Date('2026-11-27T10:00:00Z'),
}

test('a line holds what can be read now and what happened since the line before', async () => {
  const metrics = createMetrics()
  const gauge = (name: string, value: number) =>
    new Gauge({ name, help: name, registers: [metrics.registry] }).set(value)
  gauge('team_leader', 1)
  gauge('team_late_removals', 0)
  gauge('team_directory_age_seconds', Number.NaN)
  metrics.excessSeconds(2)
  metrics.excessSeconds(75)
  metrics.countAwsCall({ service: 'sts', operation: 'GetCallerIdentity', outcome: 'ok' })
  metrics.countAwsCall({ service: 'sts', operation: 'GetCallerIdentity', outcome: 'throttled' })
  expect(await metricsLine(metrics, about)).toEqual({
    _aws: {
      Timestamp: 1795773600000,
      CloudWatchMetrics: [
        {
          Namespace: 'TEAM',
          Dimensions: [['Installation']],
          Metrics: [
            { Name: 'team_leader', Unit: 'Count' },
            { Name: 'team_late_removals', Unit: 'Count' },
            { Name: 'team_excess_access_seconds', Unit: 'Seconds' },
            { Name: 'team_aws_calls', Unit: 'Count' },
            { Name: 'team_aws_calls_failed', Unit: 'Count' },
          ],
        },
      ],
    },
    Installation: 'team.example.com',
    team_leader: 1,
    team_late_removals: 0,
    team_excess_access_seconds: [2, 75],
    team_aws_calls: 2,
    team_aws_calls_failed: 1,
  })
  expect(await metricsLine(metrics, about)).toMatchObject({ team_aws_calls: 0 })
  expect(await metricsLine(metrics, about)).not.toHaveProperty('team_excess_access_seconds')
})

test('of a storm the hundred slowest stay, as the format allows no more', async () => {
  const metrics = createMetrics()
  for (let second = 1; second <= 250; second += 1) metrics.timeToGrantSeconds(second)
  const line = (await metricsLine(metrics, about)) as { team_time_to_grant_seconds: number[] }
  expect(line.team_time_to_grant_seconds).toHaveLength(100)
  expect(Math.min(...line.team_time_to_grant_seconds)).toBe(151)
})

test('no gauge is named twice', () => {
  expect(new Set(gaugesInLine).size).toBe(gaugesInLine.length)
})
