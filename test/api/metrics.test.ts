/** Every metric that alarms use is there, and says what happens. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let owner: Person
let target: TargetNamed

beforeAll(async () => {
  scene = await createScene()
  admin = await scene.world.person('test-admin')
  owner = await scene.world.person('test-user')
  await scene.eligibility(admin, { approvalRequired: false })
  await scene.approval(admin)
  target = scene.target('payments-prod', 'ReadOnlyAccess')
  await scene.world.pass(2)
})
afterAll(() => scene.close())

async function metric(name: string): Promise<number> {
  const value = (await scene.world.metrics()).get(name)
  if (value === undefined) throw new Error(`There is no metric ${name}`)
  return value
}

test('each is there from the start', async () => {
  const names = [...(await scene.world.metrics()).keys()].map((line) => line.replace(/\{.*/, ''))
  for (const name of [
    'team_excess_access_seconds_count',
    'team_late_removals',
    'team_unsettled_keys',
    'team_time_to_grant_seconds_count',
    'team_aws_calls_total',
    'team_requests',
    'team_notices_undelivered',
    'team_notices_unanswered',
    'team_directory_age_seconds',
    'team_leader',
    'team_drift',
    'team_creations_held',
    'team_held_refreshes',
    'team_last_pass_age_seconds',
  ]) {
    expect(names).toContain(name)
  }
  expect(await metric('team_leader')).toBe(1)
  expect(await metric('team_last_pass_age_seconds')).toBeLessThanOrEqual(1)
})

test('the directory grows old until it is read again', async () => {
  const before = await metric('team_directory_age_seconds')
  await scene.world.pass(20)
  expect(await metric('team_directory_age_seconds')).toBe(before + 20)
  await scene.world.leap(301)
  await scene.world.pass(3)
  expect(await metric('team_directory_age_seconds')).toBeLessThan(60)
})

test('a grant shows as a request, a call, and the time until it was there', async () => {
  const request = await scene.ask(owner, target)
  await scene.world.pass(10)
  expect(await metric('team_requests{status="active"}')).toBe(1)
  expect(await metric('team_time_to_grant_seconds_count')).toBe(1)
  const made = [...(await scene.world.metrics())].filter(([line]) =>
    line.includes('operation="CreateAccountAssignment"'),
  )
  expect(made.map(([, count]) => count)).toEqual([1])
  await owner.post(`/requests/${request.id}/return`)
  await scene.world.pass(15)
  expect(await metric('team_requests{status="active"}')).toBe(0)
  expect(await metric('team_requests{status="ended"}')).toBe(1)
  expect(await metric('team_excess_access_seconds_count')).toBe(1)
})

describe('trouble', () => {
  test('a removal that AWS denies is late until it is confirmed, and counts as excess', async () => {
    const before = await metric('team_excess_access_seconds_sum')
    await scene.ask(owner, target, { durationMinutes: 1 })
    await scene.world.pass(10)
    scene.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
    await scene.world.leap(60)
    for (let minutes = 0; minutes < 3; minutes += 1) await scene.world.pass(60)
    expect(await metric('team_late_removals')).toBe(1)
    scene.clearFaults()
    await scene.world.leap(16 * 60)
    await scene.world.pass(15)
    expect(await metric('team_late_removals')).toBe(0)
    expect((await metric('team_excess_access_seconds_sum')) - before).toBeGreaterThan(15 * 60)
  }, 120_000)

  test('a call whose answer was lost leaves a key unsettled until a look shows it', async () => {
    scene.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    await scene.ask(owner, target)
    await scene.world.pass(2)
    expect(await metric('team_unsettled_keys')).toBe(1)
    await scene.world.leap(16 * 60)
    await scene.world.pass(15)
    await scene.world.leap(16 * 60)
    expect(await metric('team_unsettled_keys')).toBe(0)
  }, 60_000)

  test('a mail that SES refuses for good is undelivered', async () => {
    scene.fault({ operation: 'SendEmail', error: 'MessageRejected' })
    await scene.ask(owner, scene.target('storefront-dev', 'ReadOnlyAccess'))
    await scene.world.pass(5)
    expect(await metric('team_notices_undelivered')).toBeGreaterThan(0)
    scene.clearFaults()
  })

  test('an assignment that somebody made beside TEAM is drift', async () => {
    await scene.ask(owner, scene.target('payments-prod', 'PowerUserAccess'))
    await scene.world.pass(10)
    await scene.world.control('POST', 'assignments', {
      userName: 'priya.raman',
      ...scene.target('payments-prod', 'PowerUserAccess'),
    })
    await scene.world.leap(301)
    await scene.world.pass(5)
    expect(await metric('team_drift')).toBe(1)
  })

  test('what cannot be read is not a number, and hides nothing else', async () => {
    const { owner: sql } = scene.world.database
    await sql.query('alter table drift rename to drift_away')
    expect(await metric('team_drift')).toBeNaN()
    expect(await metric('team_leader')).toBe(1)
    await sql.query('alter table drift_away rename to drift')
  })
})
