/**
 * The house of HTTP for tests: the real one, with real sessions in a real database, a clock that is
 * driven, an identity provider with a key of its own, and people from a list.
 */
import { Writable } from 'node:stream'
import { inflateRawSync } from 'node:zlib'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Role } from '#core/access.ts'
import type { UserId } from '#core/ids.ts'
import { type App, buildApp } from '#server/http/app.ts'
import type { Actor, Confirmation, Readiness } from '#server/http/ports.ts'
import type { RateLimits } from '#server/http/rate-limits.ts'
import { cookiesFor } from '#server/http/sign-in/cookies.ts'
import { identityProvider } from '#server/http/sign-in/idp.ts'
import { type RefusedSignIn, registerSignIn } from '#server/http/sign-in/routes.ts'
import { createSessions, type Sessions } from '#server/http/sign-in/sessions.ts'
import {
  makeTestIdp,
  type ResponseChanges,
  type ResponseFacts,
  type TestIdp,
} from '#server/http/sign-in/test-idp.ts'
import { createTokens } from '#server/http/sign-in/tokens.ts'
import { createLogger } from '#server/log.ts'
import { sessionStore } from '#server/store/sessions.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export interface TestPerson {
  userName: string
  enabled: boolean
  roles: Role[]
}

export interface House {
  readonly app: App
  readonly publicUrl: string
  readonly audience: string
  readonly database: TestDatabase
  readonly sessions: Sessions
  readonly idp: TestIdp
  readonly people: Map<string, TestPerson>
  readonly refused: RefusedSignIn[]
  readonly logLines: string[]
  /** What AWS answers, and what an administrator has set. */
  readonly world: {
    now: Date
    awsAnswers: boolean
    idpInitiatedAllowed: boolean
    metadata: () => string
    ready: Readiness
  }
  /** As it was built, less what caches and counters of the server remember. */
  reset(): Promise<void>
  close(): Promise<void>
}

export interface HouseOptions {
  readonly publicUrl?: string
  readonly register?: (app: App, house: House) => void | Promise<void>
  readonly rateLimits?: RateLimits
  readonly webRoot?: string
  readonly trustedProxies?: readonly string[]
}

export async function buildTestHouse(options: HouseOptions = {}): Promise<House> {
  const publicUrl = options.publicUrl ?? 'https://team.example.com'
  const audience = 'urn:team:test'
  const database = await createTestDatabase()
  const idp = makeTestIdp()
  const logLines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('trace', destination)
  const world = firstWorld(idp)
  const people = new Map(firstPeople())
  const clock = { now: () => world.now }
  const refused: RefusedSignIn[] = []
  const store = sessionStore(database.db)
  const sessions = createSessions({ store, clock })
  const house: House = {
    get app(): App {
      throw new Error('Not built yet')
    },
    publicUrl,
    audience,
    database,
    sessions,
    idp,
    people,
    refused,
    logLines,
    world,
    reset: async () => undefined,
    close: async () => undefined,
  }
  const app = await buildApp({
    publicUrl,
    version: '0.0.0',
    log,
    sessions,
    tokens: createTokens({ db: database.db, clock, recordRefused: async () => undefined }),
    trustedProxies: options.trustedProxies ?? [],
    ...(options.rateLimits === undefined ? {} : { rateLimits: options.rateLimits }),
    webRoot: options.webRoot ?? null,
    ready: async () => world.ready,
    people: {
      loadActor: async (userId) => actorOf(people, userId),
      actorOf: async ({ userId }) => actorOf(people, userId),
      confirmPerson: async (userId) => confirmationOf(house, userId),
    },
    async register(unready) {
      await registerSignIn(unready, {
        publicUrl,
        audience,
        secrets: { current: 's'.repeat(32), previous: null },
        clock,
        log,
        sessions,
        idp: identityProvider({ read: async () => world.metadata(), clock, log }),
        rememberAssertion: store.rememberAssertion,
        idpInitiatedAllowed: async () => world.idpInitiatedAllowed,
        findPersonByUserName: async (userName) =>
          world.awsAnswers ? findPerson(people, userName) : 'unavailable',
        recordRefusedSignIn: async (one) => void refused.push(one),
      })
      await options.register?.(unready, house)
    },
  })
  Object.defineProperty(house, 'app', { value: app })
  return Object.assign(house, {
    async reset() {
      await database.owner.query(emptied)
      Object.assign(world, firstWorld(idp))
      people.clear()
      for (const [userId, person] of firstPeople()) people.set(userId, person)
      for (const list of [refused, logLines]) list.length = 0
    },
    async close() {
      await app.close()
      await database.drop()
    },
  })
}

const emptied = `
  delete from sign_in_session;
  delete from saml_assertion_once;
  delete from audit_event;
  update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex');`

function firstWorld(idp: TestIdp): House['world'] {
  return {
    now: new Date('2026-11-23T10:00:00Z'),
    awsAnswers: true,
    idpInitiatedAllowed: false,
    metadata: () => idp.metadata(),
    ready: { ok: true },
  }
}

function firstPeople(): [string, TestPerson][] {
  return [
    ['u-taro', { userName: 'taro', enabled: true, roles: ['requester'] }],
    ['u-hanako', { userName: 'hanako', enabled: true, roles: ['requester', 'admin'] }],
  ]
}

function actorOf(people: House['people'], userId: UserId): Actor | null {
  const person = people.get(userId)
  if (person === undefined) return null
  return {
    person: {
      userId,
      userName: person.userName,
      displayName: person.userName,
      email: null,
      enabled: person.enabled,
      groupIds: new Set(),
    },
    roles: new Set(person.roles),
  }
}

function confirmationOf({ world, people }: House, userId: UserId): Confirmation {
  if (!world.awsAnswers) return 'unavailable'
  return people.get(userId)?.enabled === true ? 'confirmed' : 'gone'
}

function findPerson(people: House['people'], userName: string) {
  const found = [...people].find(
    ([, person]) => person.userName.toLowerCase() === userName.toLowerCase(),
  )
  return found === undefined ? null : { userId: found[0] as UserId, enabled: found[1].enabled }
}

export interface SetCookie {
  readonly name: string
  readonly value: string
  /** As it was sent, in lower case, without name and value. */
  readonly flags: readonly string[]
}

/** A browser, as far as cookies and redirections go; it knows no difference of sites. */
export class Browser {
  readonly house: House
  readonly cookies = new Map<string, string>()

  constructor(house: House) {
    this.house = house
  }

  async send(options: InjectOptions): Promise<LightMyRequestResponse> {
    const response = await this.house.app.inject({
      ...options,
      headers: { host: new URL(this.house.publicUrl).host, ...options.headers },
      cookies: { ...Object.fromEntries(this.cookies), ...options.cookies },
    })
    for (const { name, value } of setCookies(response)) {
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  /** Asks to sign in; gives the id of the question that goes to the identity provider. */
  async ask(returnTo?: string): Promise<string> {
    const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`
    const response = await this.send({ method: 'GET', url: `/auth/login${query}` })
    return requestIdOf(response)
  }

  async answer(
    requestId: string | null,
    changes: ResponseChanges = {},
  ): Promise<LightMyRequestResponse> {
    return this.post(this.house.idp.response(factsOf(this.house, requestId), changes))
  }

  post(samlResponse: string): Promise<LightMyRequestResponse> {
    return this.send({
      method: 'POST',
      url: '/auth/saml/acs',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ SAMLResponse: samlResponse }).toString(),
    })
  }

  async signIn(nameId = 'taro', changes: ResponseChanges = {}): Promise<LightMyRequestResponse> {
    return this.answer(await this.ask(), { nameId, ...changes })
  }

  /** What `GET /api/v1/me` would say. */
  async csrfToken(): Promise<string> {
    const { name } = cookiesFor(this.house.publicUrl).session
    const session = await this.house.sessions.authenticate(this.cookies.get(name) ?? '')
    return session?.csrfToken ?? ''
  }
}

export function factsOf(house: House, requestId: string | null): ResponseFacts {
  return {
    now: house.world.now,
    acsUrl: `${house.publicUrl}/auth/saml/acs`,
    audience: house.audience,
    requestId,
  }
}

export function requestIdOf(response: LightMyRequestResponse): string {
  const location = new URL(String(response.headers.location))
  const deflated = Buffer.from(location.searchParams.get('SAMLRequest') ?? '', 'base64')
  return /ID="([^"]+)"/.exec(inflateRawSync(deflated).toString())?.[1] ?? ''
}

export function setCookies(response: LightMyRequestResponse): SetCookie[] {
  const headers = [response.headers['set-cookie'] ?? []].flat()
  return headers.map((header) => {
    const [pair = '', ...flags] = header.split('; ')
    const [name = '', value = ''] = pair.split('=', 2)
    return { name, value, flags: flags.map((flag) => flag.toLowerCase()).sort() }
  })
}

/** Of the audit trail, oldest first. */
export async function auditTrail(house: House) {
  const events = await house.database.db
    .selectFrom('audit_event')
    .select(['actor_id', 'actor_name', 'action', 'object_id', 'result', 'payload'])
    .orderBy('seq')
    .execute()
  return events.map(({ payload, ...event }) => ({ ...event, payload: JSON.parse(payload ?? '{}') }))
}

/** Why sessions ended, oldest first. */
export async function endedBecause(house: House): Promise<string[]> {
  const events = await auditTrail(house)
  return events.filter(({ action }) => action === 'session.end').map(({ result }) => result)
}
