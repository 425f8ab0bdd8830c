/**
 * Several copies of TEAM on one PostgreSQL, each a process of its own with its own ways to the
 * database and to AWS, and one AWS. Copies can be killed, stopped and continued, and their ways to
 * the database cut; people reach TEAM by one address, or a copy by its own.
 */
import { chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import {
  freePort,
  newFolder,
  readyLine,
  serverEnvironment,
  startSandbox,
} from '../kill/installation.ts'
import { Program } from '../kill/program.ts'
import { until } from '../kill/until.ts'
import { Person } from '../person.ts'
import type { TestClusterAddress } from '../postgres-cluster.ts'
import { openRds, type RdsStandIn } from '../rds-stand-in.ts'
import { placeOf, socketOf, TcpProxy, urlThrough } from '../tcp-proxy.ts'
import { AwsWay } from './aws-way.ts'
import { callWitness, sessionsOf } from './witness.ts'

const audience = 'urn:team:copies'

export interface Copy {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly program: Program
  readonly toDatabase: TcpProxy
  readonly toAws: AwsWay
  readonly isReady: () => boolean
}

export interface Lead {
  readonly copy: Copy
  readonly epoch: number
}

export interface HouseOptions {
  /** Outside vitest. */
  readonly cluster?: TestClusterAddress
  /** Of the sandbox. */
  readonly settings?: object
  /** The database is reached by TLS and a password, and not by its socket. */
  readonly tls?: boolean
  /** Copies run as nobody, where the tests run as root. */
  readonly unprivileged?: boolean
  /** Of each copy, beside what the house sets. */
  readonly environment?: Readonly<Record<string, string>>
}

const nobody = 65_534
const password = 'of the tests'

export class House {
  readonly sandboxUrl: string
  readonly publicUrl: string
  readonly #folder: string
  readonly #database: TestDatabase
  readonly #sandbox: Program
  readonly #door: TcpProxy
  readonly #rds: RdsStandIn | null
  readonly #options: HouseOptions
  /** That run. */
  readonly #copies = new Map<string, Copy>()
  #started = 0
  #lastWords = ''
  readonly #errors: string[] = []

  private constructor(made: {
    folder: string
    database: TestDatabase
    sandbox: Program
    sandboxPort: number
    door: TcpProxy
    rds: RdsStandIn | null
    options: HouseOptions
  }) {
    this.#folder = made.folder
    this.#database = made.database
    this.#sandbox = made.sandbox
    this.#door = made.door
    this.#rds = made.rds
    this.#options = made.options
    this.sandboxUrl = `http://127.0.0.1:${made.sandboxPort}`
    this.publicUrl = `http://127.0.0.1:${made.door.port}`
  }

  /** No copy runs yet. Whoever opens one removes it. */
  static async open(options: HouseOptions = {}): Promise<House> {
    const folder = await newFolder()
    const sandboxPort = await freePort()
    const [database, sandbox, door] = await Promise.all([
      createTestDatabase(options.cluster === undefined ? {} : { cluster: options.cluster }),
      startSandbox(folder, sandboxPort),
      TcpProxy.open(0),
    ])
    const rds = options.tls === true ? await openTls(database.url, folder) : null
    if (isNobody(options)) await chown(folder, nobody, nobody)
    const house = new House({ folder, database, sandbox, sandboxPort, door, rds, options })
    await callWitness(database.owner)
    if (options.settings) await house.control('PATCH', 'settings', options.settings)
    await house.control('POST', 'applications', {
      name: 'TEAM',
      startUrl: `${house.publicUrl}/auth/login`,
      acsUrl: `${house.publicUrl}/auth/saml/acs`,
      audience,
      attributes: {
        Subject: { value: '${user:subject}', format: 'persistent' },
        Email: { value: '${user:email}', format: 'basic' },
      },
      groups: ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers'],
    })
    return house
  }

  /** Runs and is ready. */
  async start(): Promise<Copy> {
    this.#started += 1
    const name = `copy_${this.#started}`
    const port = await freePort()
    const [toDatabase, toAws] = await Promise.all([
      TcpProxy.open(this.#rds?.port ?? socketOf(this.#database.url)),
      AwsWay.open(this.sandboxUrl),
    ])
    const { sandboxUrl } = this
    const program = new Program(
      'server/main.ts',
      {
        ...serverEnvironment({
          folder: this.#folder,
          port,
          sandboxUrl,
          databaseUrl: this.#databaseUrlOf(name, toDatabase),
        }),
        AWS_ENDPOINT_URL: toAws.url,
        PUBLIC_URL: this.publicUrl,
        SAML_AUDIENCE: audience,
        ...this.#options.environment,
      },
      [],
      isNobody(this.#options) ? { uid: nobody, gid: nobody } : {},
    )
    const url = `http://127.0.0.1:${port}`
    const isReady = () => program.hasSaid(readyLine)
    const copy = { name, url, port, program, toDatabase, toAws, isReady }
    this.#copies.set(name, copy)
    await program.says(readyLine)
    return copy
  }

  #databaseUrlOf(copy: string, way: TcpProxy): string {
    const plain = urlThrough(way, this.#database.url, sessionsOf(copy))
    if (this.#rds === null) return plain
    const url = new URL(plain)
    url.hostname = 'localhost'
    url.password = password
    url.searchParams.set('sslmode', 'verify-full')
    url.searchParams.set('sslrootcert', join(this.#folder, authorities))
    return url.href
  }

  /** Two copies run, one of them leads; people are let in by the other. */
  async twoCopies(): Promise<{ leading: Copy; other: Copy }> {
    while (this.#copies.size < 2) await this.start()
    const { copy: leading } = await until('a copy leads', () => this.lead())
    const other = [...this.#copies.values()].find(({ name }) => name !== leading.name)
    if (other === undefined) throw new Error('Only one copy runs')
    this.leadPeopleTo(other)
    for (const { toAws } of this.#copies.values()) toAws.forget()
    return { leading, other }
  }

  running(): readonly Copy[] {
    return [...this.#copies.values()].filter(({ isReady }) => isReady())
  }

  leadPeopleTo(copy: Pick<Copy, 'port'>): void {
    this.#door.leadTo(copy.port)
  }

  async kill(copy: Copy): Promise<void> {
    copy.program.kill()
    await this.#gone(copy)
  }

  /** In order, as an upgrade does it; answers what it ended with. */
  async stop(copy: Copy): Promise<number | null> {
    copy.program.signal('SIGTERM')
    const { code } = await copy.program.ended
    await this.#gone(copy)
    return code
  }

  async #gone(copy: Copy): Promise<void> {
    await copy.program.ended
    this.#copies.delete(copy.name)
    this.#errors.push(...copy.program.errors())
    this.#lastWords += `── ${copy.name}\n${copy.program.lastWords()}\n`
    await Promise.all([copy.toDatabase.close(), copy.toAws.close()])
  }

  async lead(): Promise<Lead | null> {
    const [row] = await this.query<{ epoch: number; holder: string | null }>(
      'select epoch::int, holder from leader where expires_at > clock_timestamp()',
    )
    if (row === undefined) return null
    const pid = Number(row.holder?.split(' ')[1])
    const copy = [...this.#copies.values()].find(({ program }) => program.pid === pid)
    return copy === undefined ? null : { copy, epoch: row.epoch }
  }

  /** Until another copy than this one leads. */
  async takenOverFrom(old: Copy): Promise<Lead> {
    return until(`another copy than ${old.name} leads`, async () => {
      const lead = await this.lead()
      return lead !== null && lead.copy.name !== old.name ? lead : null
    })
  }

  /** By the database's clock, from then to the write by which that lead was taken. */
  async secondsUntilTaken({ epoch }: Lead, from: Date): Promise<number> {
    const [row] = await this.query<{ at: Date }>(
      `select min(at) as at from witness where wrote = 'leader' and epoch = $1`,
      [epoch],
    )
    if (row === undefined) throw new Error(`Nobody saw who took epoch ${epoch}`)
    return (row.at.getTime() - from.getTime()) / 1000
  }

  /** What a copy has written since. */
  async writtenBy({ name }: Copy, since: Date): Promise<string[]> {
    const rows = await this.query<{ wrote: string }>(
      'select wrote from witness where copy = $1 and at > $2 order by at',
      [name, since],
    )
    return rows.map(({ wrote }) => wrote)
  }

  /** The shortest grant lasts a minute: this one's end is brought nearer. */
  async endsIn(id: string, seconds: number): Promise<void> {
    await this.query(
      `with ending as (
         update access_grant set ends_at = clock_timestamp() + $2 * interval '1 second'
           where request_id = $1 returning key_id, ends_at)
       update ledger_key k set next_at = ending.ends_at, nudges = nudges + 1
         from ending where k.key_id = ending.key_id`,
      [id, seconds],
    )
    await this.query(`notify team_engine`)
  }

  /** The watch's next look may be minutes off: it is brought nearer. */
  async lookNow(id: string): Promise<void> {
    await this.query(
      `update ledger_key k set next_look_at = clock_timestamp(), next_at = clock_timestamp(),
         nudges = nudges + 1
       from access_grant g where g.request_id = $1 and k.key_id = g.key_id`,
      [id],
    )
    await this.query(`notify team_engine`)
  }

  async databaseNow(): Promise<Date> {
    const [row] = await this.query<{ now: Date }>('select clock_timestamp() as now')
    if (row === undefined) throw new Error('PostgreSQL did not tell the time')
    return row.now
  }

  /** Reaches TEAM by its common address. */
  person(): Person {
    return new Person({ teamUrl: this.publicUrl, sandboxUrl: this.sandboxUrl })
  }

  get databaseUrl(): string {
    return this.#database.url
  }

  get owner(): pg.Pool {
    return this.#database.owner
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#database.owner.query<Row>(text, values)).rows
  }

  /** A control path of the sandbox. */
  async control<Body>(method: string, path: string, body?: object): Promise<Body> {
    const answer = await fetch(`${this.sandboxUrl}/_sandbox/${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text === '' ? null : JSON.parse(text)) as Body
  }

  /** What copies logged as errors, those that are gone included. */
  errors(): readonly string[] {
    return [...this.#errors, ...this.running().flatMap(({ program }) => program.errors())]
  }

  lastWords(): string {
    const running = [...this.#copies.values()].map(
      ({ name, program }) => `── ${name}\n${program.lastWords()}\n`,
    )
    return this.#lastWords + running.join('')
  }

  /** What the engine knows, for the message of a test that fails. */
  async ledger(): Promise<object> {
    return {
      keys: await this.query('select * from ledger_key order by key_id'),
      intents: await this.query('select * from intent order by intent_id'),
    }
  }

  async remove(): Promise<void> {
    for (const copy of [...this.#copies.values()]) await this.kill(copy)
    this.#sandbox.kill()
    await this.#sandbox.ended
    await this.#door.close()
    await this.#rds?.close()
    await this.#database.drop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

const authorities = 'authorities.pem'

/** The certificate is for copies to verify; who verifies is not told by a flag. */
async function openTls(behind: string, folder: string): Promise<RdsStandIn> {
  const { user } = placeOf(behind)
  const credentials = { accessKeyId: '', secretAccessKey: '' }
  const rds = await openRds({ behind, iamUsers: [], passwords: { [user]: password }, credentials })
  await writeFile(join(folder, authorities), rds.certificate)
  return rds
}

const isNobody = ({ unprivileged }: HouseOptions) =>
  unprivileged === true && process.getuid?.() === 0
