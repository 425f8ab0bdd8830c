/**
 * Places at which the server's transactions can be made to wait: in their COMMIT, with everything
 * written and nothing durable. Each place is a deferred trigger, and what it waits for is an
 * advisory lock that a test holds on its own connection.
 */
import pg from 'pg'
import { until } from './until.ts'

interface Place {
  readonly on: string
  readonly when: string
}

const places = {
  'the decision': { on: 'insert on decision', when: 'true' },
  'the intent': { on: 'insert on intent', when: 'true' },
  'the request id': { on: 'update on intent', when: `new.state = 'accepted'` },
  'the state active': {
    on: 'update on request',
    when: `new.status = 'active' and old.status <> 'active'`,
  },
  'the state ended': {
    on: 'update on request',
    when: `new.status = 'ended' and old.status <> 'ended'`,
  },
} as const satisfies Record<string, Place>

export type PlaceName = keyof typeof places

/** Apart from the advisory locks of the program. */
const lockClass = 0x6b696c6c
const numberOf = (name: PlaceName) => Object.keys(places).indexOf(name)

/** Open gates: nobody waits while nobody holds a lock. */
export async function buildGates(owner: pg.Pool): Promise<void> {
  for (const [name, { on, when }] of Object.entries<Place>(places)) {
    const number = numberOf(name as PlaceName)
    await owner.query(`
      create function kill_gate_${number}() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(${lockClass}, ${number});
        return null;
      end $$;
      create constraint trigger kill_gate_${number} after ${on}
        deferrable initially deferred for each row when (${when})
        execute function kill_gate_${number}()`)
  }
}

export class Gate {
  readonly #holder: pg.Client
  readonly #name: PlaceName

  private constructor(holder: pg.Client, name: PlaceName) {
    this.#holder = holder
    this.#name = name
  }

  static async close(connection: string, name: PlaceName): Promise<Gate> {
    const holder = new pg.Client({
      connectionString: connection,
      application_name: 'kill test gate',
    })
    // PostgreSQL may be killed with the lock in hand.
    holder.on('error', () => undefined)
    await holder.connect()
    await holder.query('select pg_advisory_lock($1, $2)', [lockClass, numberOf(name)])
    return new Gate(holder, name)
  }

  /** A transaction of the server waits here. */
  async reached(): Promise<void> {
    await until(`a transaction waits at the gate of ${this.#name}`, async () => {
      const { rowCount } = await this.#holder.query(
        `select from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())
           and classid = $1 and objid = $2`,
        [lockClass, numberOf(this.#name)],
      )
      return rowCount !== 0
    })
  }

  /** Whoever still waits goes on. */
  async open(): Promise<void> {
    await this.#holder.end().catch(() => undefined)
  }
}
