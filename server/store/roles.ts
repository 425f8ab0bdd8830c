import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { applicationRole } from './database.ts'
import { MigrationError } from './migration-errors.ts'

const attemptsMax = 10
const retryMs = 50
const insufficientPrivilege = '42501'
// Roles belong to the whole server, so the migrations' lock, which is a database's, does not cover
// them: somebody else may be at the same change in another database. Duplicate object, unique
// violation, "tuple concurrently updated".
const somebodyElse = new Set(['42710', '23505', 'XX000'])

/** The application's role exists, and the owner may become it (not: has its rights anyway). */
export async function ensureApplicationRole(client: pg.Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await createRoleIfMissing(client)
      await grantRoleIfMissing(client)
      return
    } catch (error) {
      const code = error instanceof pg.DatabaseError ? error.code : undefined
      if (code === insufficientPrivilege) throw await askForHelp(client)
      if (code === undefined || !somebodyElse.has(code) || attempt === attemptsMax) throw error
      await pause(retryMs)
    }
  }
}

async function createRoleIfMissing(client: pg.Client): Promise<void> {
  const found = await client.query('select 1 from pg_roles where rolname = $1', [applicationRole])
  if (found.rowCount === 0) await client.query(`create role ${applicationRole} nologin`)
}

async function grantRoleIfMissing(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ allowed: boolean }>(
    `select pg_has_role(session_user, $1, 'set') as allowed`,
    [applicationRole],
  )
  if (rows[0]?.allowed === true) return
  await client.query(`grant ${applicationRole} to session_user with inherit false, set true`)
}

async function askForHelp(client: pg.Client): Promise<MigrationError> {
  const { rows } = await client.query<{ name: string }>(
    'select quote_ident(session_user::text) as name',
  )
  return new MigrationError(
    `The database user ${rows[0]?.name} may not make the role ${applicationRole}: have an ` +
      `administrator run "create role ${applicationRole} nologin; ` +
      `grant ${applicationRole} to ${rows[0]?.name} with inherit false, set true" once`,
  )
}
