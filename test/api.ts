/** The whole API on a small organisation: people come with a session, as if they had signed in. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { type App, buildApp } from '#server/http/app.ts'
import { registerResources } from '#server/http/register-all.ts'
import { cookiesFor } from '#server/http/sign-in/cookies.ts'
import { createSessions } from '#server/http/sign-in/sessions.ts'
import { createTokens } from '#server/http/sign-in/tokens.ts'
import { createLogger } from '#server/log.ts'
import { createActorOf } from '#server/operations/actor.ts'
import { ownerOver } from '#server/store/database.ts'
import { sessionStore } from '#server/store/sessions.ts'
import { createWorld, type PersonName, people, type World } from './factory.ts'

export const publicUrl = 'https://team.example.com'

export interface Api {
  readonly world: World
  readonly app: App
  as(name: PersonName): Promise<Client>
  close(): Promise<void>
}

export interface Client {
  /** Those of the session. */
  readonly cookies: Readonly<Record<string, string>>
  send(method: Method, path: string, body?: unknown, headers?: Headers): Promise<Answer>
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown, headers?: Headers): Promise<Answer>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Headers = Record<string, string>

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
  readonly headers: LightMyRequestResponse['headers']
}

export async function createApi(): Promise<Api> {
  const world = await createWorld()
  const { db, clock } = world
  const sessions = createSessions({ store: sessionStore(db), clock })
  const log = createLogger('silent')
  const confirmer = {
    confirmPeople: world.aws.confirmPeople,
    confirmPerson: async (userId: (typeof people)[PersonName], options = {}) => {
      const { force = false, maxAgeSeconds = 60 } = options as {
        force?: boolean
        maxAgeSeconds?: number
      }
      const asked = await world.aws.confirmPeople([userId], force ? -1 : maxAgeSeconds)
      if (asked === 'unavailable') return asked
      const actor = await world.loadActor(userId)
      return actor?.person.enabled === true ? 'confirmed' : 'gone'
    },
  } as const
  const app = await buildApp({
    publicUrl,
    version: '0.0.0',
    log,
    sessions,
    tokens: createTokens({ db, clock, recordRefused: async () => undefined }),
    people: {
      loadActor: world.loadActor,
      actorOf: createActorOf({ db, rules: world.rules }),
      confirmPerson: confirmer.confirmPerson,
    },
    trustedProxies: [],
    webRoot: null,
    ready: async () => ({ ok: true }),
    register: (unready) =>
      registerResources(unready, {
        db,
        long: world.database.database.long,
        owner: ownerOver(world.database.owner),
        clock,
        rules: world.rules,
        vault: world.ports.vault,
        looks: world.looks,
        announce: world.ports.announce,
        tellOverseers: world.ports.tellOverseers,
        confirmer,
        sessions,
        sendTest: async (channel) => ({ kind: 'refused', message: `${channel} says no` }),
        loadActor: world.loadActor,
        openRecord: async () => null,
        publicUrl,
        portalUrl: 'https://portal.example.com/start',
        connection: world.database.url,
        log,
      }),
  })
  return {
    world,
    app,
    as: async (name) => {
      const { id, session } = await sessions.start({
        userId: people[name],
        userName: `${name}@example.com`,
        address: '127.0.0.1',
        assertionId: `assertion of ${name}`,
        idpInitiated: false,
        sessionNotOnOrAfter: null,
        localeHint: null,
        replaced: null,
      })
      const cookies = { [cookiesFor(publicUrl).session.name]: id }
      return clientOf(app, cookies, session.csrfToken)
    },
    async close() {
      await app.close()
      await world.looks.settled()
      await world.close()
    },
  }
}

function clientOf(app: App, cookies: Record<string, string>, csrfToken: string): Client {
  const send: Client['send'] = async (method, path, body, headers = {}) => {
    const options: InjectOptions = {
      method,
      url: `/api/v1${path}`,
      cookies,
      headers: { ...(method !== 'GET' && { 'x-team-csrf': csrfToken }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    }
    const response = await app.inject(options)
    const json = /json(;|$)/.test(String(response.headers['content-type'] ?? ''))
    return {
      status: response.statusCode,
      body: json && response.body !== '' ? response.json() : response.body,
      headers: response.headers,
    }
  }
  return {
    cookies,
    send,
    get: (path) => send('GET', path),
    post: (path, body, headers) => send('POST', path, body, headers),
  }
}
