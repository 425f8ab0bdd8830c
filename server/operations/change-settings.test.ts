import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SettingsPatch } from '#contract/settings.ts'
import { createWorld, groups, people, type World } from '#test/factory.ts'
import { changeSettings, readSettings } from './change-settings.ts'
import { seedSettings } from './seed-settings.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

const change = async (patch: SettingsPatch, version = 1) =>
  changeSettings(world.ports, { actor: await world.actor('ada'), patch, version })

describe('settings', () => {
  test('are the defaults, with the groups of the installation', async () => {
    expect(await readSettings(world.ports)).toMatchObject({
      version: 1,
      maxDurationMinutes: 540,
      requestExpiryMinutes: 180,
      approvalRequired: true,
      adminGroupId: groups.admins,
      updatedBy: { userId: 'team' },
    })
  })

  test('change by what is sent, with before and after in the trail', async () => {
    await change({ maxDurationMinutes: 60, banner: 'お知らせ' })
    expect(await readSettings(world.ports)).toMatchObject({
      version: 2,
      maxDurationMinutes: 60,
      banner: 'お知らせ',
      requestExpiryMinutes: 180,
      updatedBy: { userName: 'ada@example.com' },
    })
    expect(await world.events('settings')).toEqual([
      {
        action: 'setting.change',
        payload: {
          before: { maxDurationMinutes: 540, banner: '' },
          after: { maxDurationMinutes: 60, banner: 'お知らせ' },
          widens: [],
        },
      },
    ])
  })

  test('take effect with the next decision, and never on what was decided', async () => {
    await world.eligibility()
    await world.approval()
    const id = await world.submit('alice', { durationMinutes: 120 })
    await change({ maxDurationMinutes: 30, requestExpiryMinutes: 5 })
    await expect(world.submit('erin')).rejects.toMatchObject({ code: 'duration_too_long' })
    const request = await world.request(id)
    expect(request.expiresAt.getTime() - request.createdAt.getTime()).toBe(180 * 60_000)
  })

  test('of an older version are refused, and nothing is written', async () => {
    await change({ banner: 'one' })
    await expect(change({ banner: 'two' })).rejects.toMatchObject({
      code: 'version_conflict',
      params: { version: 2 },
    })
    expect((await readSettings(world.ports)).banner).toBe('one')
  })

  test('keep secrets sealed: who set one and when is told, and never what it is', async () => {
    await change({ slackToken: 'xoxb-123456', webhookSecret: 'a-webhook-secret' })
    const shown = await readSettings(world.ports)
    expect(shown).toMatchObject({
      version: 2,
      slackToken: {
        set: true,
        setAt: world.clock.now().toISOString(),
        setBy: { userId: people.ada, userName: 'ada@example.com' },
      },
      slackSigningSecret: { set: false },
    })
    await change({ slackToken: null, banner: 'two' }, 2)
    expect((await readSettings(world.ports)).slackToken).toEqual({ set: false })
    expect(await world.ports.vault.read('webhookSecret')).toBe('a-webhook-secret')
    const events = await world.events('settings')
    expect(events.map(({ payload }) => payload)).toEqual([
      {
        before: {},
        after: {},
        widens: ['slackToken'],
        secrets: { set: ['slackToken', 'webhookSecret'], removed: [] },
      },
      {
        before: { banner: '' },
        after: { banner: 'two' },
        widens: [],
        secrets: { set: [], removed: ['slackToken'] },
      },
    ])
    expect(JSON.stringify([shown, events])).not.toMatch(/xoxb|a-webhook/)
  })

  test('keep no secret of a change that is refused for something else', async () => {
    const wrong = { slackToken: 'xoxb-123456', ticketPattern: '(' }
    await expect(change(wrong)).rejects.toMatchObject({ code: 'pattern_malformed' })
    expect(await world.ports.vault.read('slackToken')).toBeNull()
  })

  const refused: [string, SettingsPatch, string][] = [
    ['a group nobody knows', { adminGroupId: people.alice }, 'unknown_group'],
    [
      'an admin group without its changer',
      { adminGroupId: groups.users },
      'not_administrator_yourself',
    ],
    ['a ticket pattern that looks ahead', { ticketPattern: '(?=a)b' }, 'pattern_malformed'],
    ['a broken ticket pattern', { ticketPattern: '(' }, 'pattern_malformed'],
  ]
  for (const [what, patch, code] of refused) {
    test(`refuse ${what}`, async () => {
      await expect(change(patch)).rejects.toMatchObject({ code })
    })
  }

  test('refuse an admin group in which nobody is enabled', async () => {
    await world.db
      .insertInto('directory_group')
      .values({ group_id: 'empty', display_name: 'Empty', gone_at: null })
      .execute()
    await expect(change({ adminGroupId: 'empty' })).rejects.toMatchObject({
      code: 'no_administrator_left',
    })
  })

  test('move the role of administrator at once', async () => {
    await world.db
      .insertInto('directory_membership')
      .values({ group_id: groups.seconds, user_id: people.ada })
      .execute()
    await change({ adminGroupId: groups.seconds })
    expect((await world.actor('dan')).roles).toContain('admin')
  })
})

describe('the first settings', () => {
  beforeEach(async () => {
    await world.db.deleteFrom('setting').execute()
  })
  const seed = (adminGroup: string, auditorGroup = 'TEAM auditors') =>
    seedSettings(world.ports, { adminGroup, auditorGroup, emailSource: 'team@example.net' })

  test('find groups by name, whatever its case, or by id, and are written once', async () => {
    expect(await seed('team ADMINS', groups.auditors)).toEqual({ kind: 'seeded' })
    expect(await readSettings(world.ports)).toMatchObject({
      adminGroupId: groups.admins,
      auditorGroupId: groups.auditors,
      emailSource: 'team@example.net',
    })
    expect(await seed('TEAM users')).toEqual({ kind: 'there_already' })
  })

  test('are not guessed', async () => {
    expect(await seed('TEAM admin')).toEqual({ kind: 'unknown_group', group: 'TEAM admin' })
    await world.db
      .insertInto('directory_group')
      .values({ group_id: 'other', display_name: 'TEAM admins', gone_at: null })
      .execute()
    expect(await seed('TEAM admins')).toEqual({ kind: 'ambiguous_group', group: 'TEAM admins' })
    expect(await seed(groups.admins)).toEqual({ kind: 'seeded' })
  })
})

describe('the secret of the webhook', () => {
  const change = async (patch: object) =>
    changeSettings(world.ports, { actor: await world.actor('ada'), patch, version: null })
  const kept = async () => [
    await world.ports.vault.read('webhookSecret'),
    await world.ports.vault.read('webhookSecretPrevious'),
  ]

  test('is kept beside the one that replaces it, until it is taken away', async () => {
    await change({ webhookSecret: 'first-secret' })
    expect(await kept()).toEqual(['first-secret', null])
    await change({ webhookSecret: 'second-secret' })
    expect(await kept()).toEqual(['second-secret', 'first-secret'])
    await change({ webhookSecretPrevious: null })
    expect(await kept()).toEqual(['second-secret', null])
  })

  test('that has leaked is replaced without keeping it, in one change', async () => {
    await change({ webhookSecret: 'leaked-secret' })
    await change({ webhookSecret: 'fresh-secret', webhookSecretPrevious: null })
    expect(await kept()).toEqual(['fresh-secret', null])
  })
})
