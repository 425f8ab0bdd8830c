/**
 * Once for a new database of Amazon RDS or Aurora: the user that TEAM logs in as by IAM, who owns
 * TEAM's database and may become the application's role. Done by the master user, and again without
 * harm.
 */
import type pg from 'pg'
import { applicationRole } from './database.ts'

export interface Prepared {
  readonly user: string
  readonly database: string
}

/** The role that RDS lets in by a token (RDS user guide, "Creating a database account"). */
const iamRole = 'rds_iam'

/** The commands that were needed, without those that had been run before. */
export async function prepareDatabase(
  master: pg.Client,
  { user, database }: Prepared,
): Promise<string[]> {
  const done: string[] = []
  const name = master.escapeIdentifier(user)
  const run = async (needed: boolean, command: string) => {
    if (!needed) return
    await master.query(command)
    done.push(command)
  }
  const exists = (role: string) => asks(master, 'select from pg_roles where rolname = $1', [role])
  await run(!(await exists(user)), `create role ${name} login`)
  await run(!(await exists(applicationRole)), `create role ${applicationRole} nologin`)
  await run(
    !(await asks(master, `select where pg_has_role($1, $2, 'set')`, [user, applicationRole])),
    `grant ${applicationRole} to ${name} with inherit false, set true`,
  )
  await ownDatabase(master, { user, database }, run)
  // Last: whoever is a member of it is let in by a token only.
  await run(
    (await exists(iamRole)) &&
      !(await asks(master, `select where pg_has_role($1, $2, 'member')`, [user, iamRole])),
    `grant ${iamRole} to ${name}`,
  )
  return done
}

async function ownDatabase(
  master: pg.Client,
  { user, database }: Prepared,
  run: (needed: boolean, command: string) => Promise<void>,
): Promise<void> {
  const owns = await asks(
    master,
    'select from pg_database where datname = $1 and pg_get_userbyid(datdba) = $2',
    [database, user],
  )
  if (owns) return
  const name = master.escapeIdentifier(user)
  // To give something to a role one must be able to become it; and not for longer than that.
  await run(true, `grant ${name} to current_user with inherit false, set true`)
  await run(true, `alter database ${master.escapeIdentifier(database)} owner to ${name}`)
  await run(true, `revoke ${name} from current_user`)
}

async function asks(client: pg.Client, query: string, values: string[]): Promise<boolean> {
  return ((await client.query(query, values)).rowCount ?? 0) > 0
}
