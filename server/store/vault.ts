/**
 * The secrets of channels as rows, sealed (sealing.ts). Whoever sends by a channel asks `read` when
 * it sends and keeps nothing: an administrator may have changed it on another copy.
 */
import type { Kysely } from 'kysely'
import { type SecretName, secretRules } from '#core/settings.ts'
import { type Change, change, systemActor } from './change.ts'
import { installationId } from './installation.ts'
import type { Schema } from './schema.ts'
import { createSealer, type KeyMaterial, type Sealer } from './sealing.ts'

export interface SecretMark {
  readonly setAt: Date
  readonly setBy: string
}

export interface Vault {
  /**
   * Null: nobody has set it.
   * @throws {SecretsUnreadable}
   */
  read(name: SecretName): Promise<string | null>
  /** Null takes it away. */
  write(c: Change, write: { name: SecretName; value: string | null; by: string }): Promise<void>
  /**
   * At the start: what TEAM_SECRET_PREVIOUS sealed is sealed anew with TEAM_SECRET; answers which.
   * If there is one that neither opens, all of them stay as they are.
   * @throws {SecretsUnreadable}
   */
  sealAnew(at: Date): Promise<SecretName[]>
  /** Takes away those that this server cannot open, for when their key is lost; answers which. */
  forgetUnreadable(at: Date): Promise<SecretName[]>
}

/** Shown as it is to whoever starts TEAM: it says what to do, and no secret is in it. */
export class SecretsUnreadable extends Error {
  readonly names: readonly string[]

  constructor(unknownKey: readonly string[], damaged: readonly string[]) {
    const lines = []
    if (unknownKey.length > 0) {
      lines.push(
        `TEAM_SECRET is not what ${listed(unknownKey)} ${verb(unknownKey)} sealed with, and neither is TEAM_SECRET_PREVIOUS. Nothing was changed. Set one of them to that secret; if it is lost, \`npm run team -- recover --forget-secrets\` takes away what cannot be opened, to be set anew in the settings.`,
      )
    }
    if (damaged.length > 0) {
      lines.push(
        `The sealed ${listed(damaged)} in the database ${verb(damaged)} damaged, or another installation's. Nothing was changed. \`npm run team -- recover --forget-secrets\` takes away what cannot be opened, to be set anew in the settings.`,
      )
    }
    super(lines.join('\n'))
    this.name = 'SecretsUnreadable'
    this.names = [...unknownKey, ...damaged]
  }
}

const settingsObject = { type: 'setting', id: 'settings' }

const listed = (names: readonly string[]) => names.join(' and ')
const verb = (names: readonly string[]) => (names.length === 1 ? 'is' : 'are')

export function createVault(needs: { db: Kysely<Schema>; material: KeyMaterial }): Vault {
  const { db } = needs
  let made: Promise<Sealer> | null = null
  const sealer = () => {
    made ??= installationId(db).then((installation) => createSealer(needs.material, installation))
    // The database may have been away: asked again next time.
    made.catch(() => {
      made = null
    })
    return made
  }
  return {
    async read(name) {
      const row = await db
        .selectFrom('sealed_secret')
        .select('sealed')
        .where('name', '=', name)
        .executeTakeFirst()
      if (row === undefined) return null
      const opened = (await sealer()).open(name, row.sealed)
      if (opened.kind === 'opened') return opened.text
      throw opened.kind === 'damaged'
        ? new SecretsUnreadable([], [name])
        : new SecretsUnreadable([name], [])
    },
    async write(c, { name, value, by }) {
      if (value === null) {
        await c.tx.deleteFrom('sealed_secret').where('name', '=', name).execute()
        return
      }
      const set = { sealed: (await sealer()).seal(name, value), set_at: c.at, set_by: by }
      await c.tx
        .insertInto('sealed_secret')
        .values({ name, ...set })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(set))
        .execute()
    },
    sealAnew: async (at) => sealAnew(db, await sealer(), at),
    forgetUnreadable: async (at) => forgetUnreadable(db, await sealer(), at),
  }
}

async function sealAnew(db: Kysely<Schema>, sealer: Sealer, at: Date): Promise<SecretName[]> {
  return change(db, at, async (c) => {
    const { opened, unknownKey, damaged } = await openAll(c, sealer)
    if (unknownKey.length + damaged.length > 0) throw new SecretsUnreadable(unknownKey, damaged)
    const old = opened.filter(({ isCurrent }) => !isCurrent)
    for (const { name, text } of old) {
      await c.tx
        .updateTable('sealed_secret')
        .set({ sealed: sealer.seal(name, text) })
        .where('name', '=', name)
        .execute()
    }
    const names = old.map(({ name }) => name)
    if (names.length > 0) {
      c.event({
        actor: systemActor,
        action: 'secret.seal_anew',
        object: settingsObject,
        payload: { names, keyId: sealer.keyId },
      })
    }
    return names
  })
}

async function forgetUnreadable(
  db: Kysely<Schema>,
  sealer: Sealer,
  at: Date,
): Promise<SecretName[]> {
  return change(db, at, async (c) => {
    const { unknownKey, damaged } = await openAll(c, sealer)
    const names = [...unknownKey, ...damaged]
    if (names.length === 0) return names
    await c.tx.deleteFrom('sealed_secret').where('name', 'in', names).execute()
    c.event({
      actor: systemActor,
      action: 'secret.forget',
      object: settingsObject,
      payload: { names },
    })
    return names
  })
}

interface AllOpened {
  readonly opened: { name: SecretName; text: string; isCurrent: boolean }[]
  readonly unknownKey: SecretName[]
  readonly damaged: SecretName[]
}

/** Locked, because another copy may start at the same moment. */
async function openAll(c: Change, sealer: Sealer): Promise<AllOpened> {
  const rows = await c.tx
    .selectFrom('sealed_secret')
    .select(['name', 'sealed'])
    .orderBy('name')
    .forUpdate()
    .execute()
  const all: AllOpened = { opened: [], unknownKey: [], damaged: [] }
  for (const { name, sealed } of rows) {
    // A later release may know more secrets; they are its own.
    if (!isSecretName(name)) continue
    const result = sealer.open(name, sealed)
    if (result.kind === 'opened') all.opened.push({ name, ...result })
    else if (result.kind === 'unknown_key') all.unknownKey.push(name)
    else all.damaged.push(name)
  }
  return all
}

function isSecretName(name: string): name is SecretName {
  return Object.hasOwn(secretRules, name)
}

/** When each was set and by whom: all that is ever shown of a secret. */
export async function secretMarks(
  db: Kysely<Schema>,
): Promise<Readonly<Partial<Record<SecretName, SecretMark>>>> {
  const rows = await db
    .selectFrom('sealed_secret')
    .select(['name', 'set_at as setAt', 'set_by as setBy'])
    .execute()
  const known = rows.filter(({ name }) => isSecretName(name))
  return Object.fromEntries(known.map(({ name, setAt, setBy }) => [name, { setAt, setBy }]))
}
