import { afterEach, beforeEach, expect, test } from 'vitest'
import { settingsObjectId } from '#server/operations/change-settings.ts'
import { loadSettings } from '#server/store/settings.ts'
import { createWorld, groups, people, type World } from '#test/factory.ts'
import { recoverAdminGroup, recoverSecondAdmin } from './settings.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

test('another admin group is set by its id, is an event, and takes effect at once', async () => {
  expect((await world.actor('dan')).roles).not.toContain('admin')
  expect(await recoverAdminGroup(world.ports, groups.seconds)).toEqual({
    adminGroupId: groups.seconds,
    before: groups.admins,
    administrators: 1,
    secondAdmin: false,
  })
  expect((await world.actor('dan')).roles).toContain('admin')
  expect((await world.actor('ada')).roles).not.toContain('admin')
  expect(await world.events(settingsObjectId)).toEqual([
    {
      action: 'recovery.admin_group',
      payload: { before: groups.admins, after: groups.seconds },
    },
  ])
  expect(world.bulletins).toMatchObject([
    { event: 'rules_changed', facts: { widens: ['adminGroupId'], by: 'team recover' } },
  ])
})

test('a group without anybody enabled, one by name and one that there is not are refused', async () => {
  await world.db
    .updateTable('directory_user')
    .set({ enabled: false })
    .where('user_id', '=', people.dan)
    .execute()
  const refused: [string, RegExp][] = [
    [groups.seconds, /no enabled member/],
    ['team seconds', new RegExp(`give its id, which is ${groups.seconds}`)],
    ['nobody', /no group with the id nobody/],
  ]
  for (const [id, message] of refused) {
    await expect(recoverAdminGroup(world.ports, id)).rejects.toThrow(message)
  }
  expect((await loadSettings(world.db)).settings.adminGroupId).toBe(groups.admins)
  expect(await world.events()).toEqual([])
})

test('a second administrator is no longer needed, once', async () => {
  await world.settings({ secondAdmin: true })
  expect(await recoverSecondAdmin(world.ports)).toBe(true)
  expect(await recoverSecondAdmin(world.ports)).toBe(false)
  expect((await loadSettings(world.db)).settings.secondAdmin).toBe(false)
  expect(await world.events(settingsObjectId)).toEqual([
    { action: 'recovery.second_admin_off', payload: { before: true, after: false } },
  ])
})
