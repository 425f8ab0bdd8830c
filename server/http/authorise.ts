/**
 * Who may call a route. Every route declares its permission, the name of an action of the rules or
 * `public`; one without does not start. What a person may do to one object is judged by the
 * operation; here it is judged whether their roles may perform the action on any.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  type Action,
  isAction,
  isWrite,
  mayPerform,
  needsConfirmation,
  type Relation,
  type Role,
  relations,
} from '#core/access.ts'
import type { UserId } from '#core/ids.ts'
import { scopesFor, serviceRoles, tokenCovers } from '#core/token.ts'
import { Refused } from '#server/operations/refused.ts'
import type { FoundSession, Session } from '#server/store/sessions.ts'
import type { Actor, PeoplePorts } from './ports.ts'
import { isCsrfTokenOf, type Sessions } from './sign-in/sessions.ts'
import { bearerOf, type TokenInUse, type Tokens } from './sign-in/tokens.ts'

export type Permission = Action | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    permission: Permission
    /** A read that asks AWS about the person if the last answer is old, and goes on without. */
    confirmsPerson?: boolean
    /** An answer of hours: it must not keep the rules of its first moment in memory. */
    staysOpen?: boolean
    /** A read that is an event or costs much: no page of somebody else sets it off by a link. */
    onlyFromTeam?: boolean
    /** Members of the answer that are never kept, not even for `Idempotency-Key`. */
    shownOnce?: readonly string[]
  }
  interface FastifyRequest {
    /** Set on every route that is not public; reading it on a public one is a bug and throws. */
    actor: Actor
    /** Null on a public route, and where a token is used. */
    session: FoundSession | null
    /** Null at a browser. */
    token: TokenInUse | null
    /** Judged anew while a long answer is on its way; throws what is to be refused from then on. */
    actorNow(): Promise<Actor>
  }
}

export interface AuthoriseDeps {
  readonly publicUrl: string
  readonly sessionCookieName: string
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly people: PeoplePorts
}

const actors = new WeakMap<FastifyRequest, Actor>()

export function requirePermissions(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const name = `The route ${String(route.method)} ${route.url}`
    const permission: unknown = route.config?.permission
    if (permission === 'public') return
    if (typeof permission !== 'string' || !isAction(permission)) {
      throw new Error(`${name} declares no permission that core/access.ts knows.`)
    }
    const methods = [route.method].flat()
    if (isWrite(permission) && methods.some(isSafe)) {
      throw new Error(`${name} changes something (${permission}) by a method that must not.`)
    }
  })
}

export function authorise(app: FastifyInstance, deps: AuthoriseDeps): void {
  app.decorateRequest('session', null)
  app.decorateRequest('token', null)
  app.decorateRequest('actor', {
    getter() {
      const actor = actors.get(this as FastifyRequest)
      if (actor === undefined) throw new Error('A public route has no actor.')
      return actor
    },
  })
  app.decorateRequest('actorNow', async function (this: FastifyRequest) {
    await authenticate(this, deps, { countsAsActivity: false })
    await judge(this, deps)
    return this.actor
  })
  // Before the body is parsed: a stranger's body is not read.
  app.addHook('onRequest', async (request) => {
    if (request.is404 || request.routeOptions.config.permission === 'public') return
    // A page's own polling says so, lest an open tab keep a session from falling idle.
    const countsAsActivity = request.headers['x-team-background'] === undefined
    await authenticate(request, deps, { countsAsActivity })
    const { session } = request
    if (session === null) return
    if (!isSafe(request.method)) refuseForgery(request, session, deps.publicUrl)
    else if (request.routeOptions.config.onlyFromTeam === true) refuseLinked(request, deps)
  })
  app.addHook('preValidation', async (request) => {
    if (request.session !== null || request.token !== null) await judge(request, deps)
  })
}

async function authenticate(
  request: FastifyRequest,
  deps: AuthoriseDeps,
  options: { readonly countsAsActivity: boolean },
): Promise<void> {
  const bearer = bearerOf(request.headers)
  // No browser adds this header by itself, so no page of somebody else can have sent it.
  if (bearer !== null) request.token = await deps.tokens.authenticate(bearer, request.ip)
  else request.session = await sessionOf(request, deps, options)
}

async function judge(request: FastifyRequest, deps: AuthoriseDeps): Promise<void> {
  const { session, token } = request
  const userId = session?.userId ?? token?.ownerId
  const { permission, staysOpen = false } = request.routeOptions.config
  if (userId === undefined || permission === 'public') return
  const wasAsked = await confirm(request, userId, deps)
  // What was read with the session is as new as a moment ago, unless AWS has been asked since.
  const person =
    session === null || wasAsked || staysOpen
      ? await deps.people.loadActor(userId)
      : await deps.people.actorOf(session)
  if (person === null || !person.person.enabled) return refuseDisabled(userId, deps)
  const actor = token === null ? person : actorWith(token, person)
  if (token !== null && !tokenCovers(token, permission)) throw uncovered(permission)
  if (!mayPerformOnSomething(permission, actor)) {
    throw new Refused('not_allowed', {
      detail: 'Your roles do not allow this. An administrator can say who may.',
      params: { permission },
    })
  }
  actors.set(request, actor)
}

/** The rights of its owner now; a program has the roles it was given, while its maker administers. */
function actorWith({ id, name, kind, scopes, roles }: TokenInUse, owner: Actor): Actor {
  const token = { id, name, kind, scopes }
  if (kind === 'person') return { ...owner, token }
  if (!owner.roles.has('admin')) {
    throw new Refused('unauthenticated', {
      detail:
        'Who made this service token is no longer an administrator, so it is worth nothing. Have another made.',
    })
  }
  const given = serviceRoles.filter((role) => roles.includes(role))
  return { ...owner, roles: new Set<Role>(['requester', ...given]), token }
}

function uncovered(permission: Action): Refused {
  const scopes = scopesFor(permission)
  const detail =
    scopes.length === 0
      ? 'No token may do this. Sign in with a browser.'
      : `The token lacks the scope for this (${scopes.join(', ')}). Make one that has it.`
  return new Refused('not_allowed', { detail, params: { permission, scopes } })
}

async function sessionOf(
  request: FastifyRequest,
  deps: AuthoriseDeps,
  options: { readonly countsAsActivity: boolean },
): Promise<FoundSession> {
  const id = request.cookies[deps.sessionCookieName]
  const session = id === undefined ? null : await deps.sessions.authenticate(id, options)
  if (session === null) {
    throw new Refused('unauthenticated', { detail: 'Sign in, then try again.' })
  }
  return session
}

function isSafe(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method)
}

const relationsToTry: readonly ReadonlySet<Relation>[] = [
  new Set(),
  ...relations.map((relation) => new Set([relation])),
]

function mayPerformOnSomething(action: Action, { person, roles, token }: Actor): boolean {
  return relationsToTry.some((held) =>
    mayPerform(action, { enabled: person.enabled, roles, relations: held, token: token ?? null }),
  )
}

/** Whether the browser says that a page of somebody else sent this. */
export function isForeign(request: FastifyRequest, publicUrl: string): boolean {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  return (
    (origin !== undefined && origin !== publicUrl) || (site !== undefined && site !== 'same-origin')
  )
}

/** Who types the address comes from no page at all. */
function refuseLinked(request: FastifyRequest, { publicUrl }: AuthoriseDeps): void {
  const site = request.headers['sec-fetch-site'] ?? 'none'
  if (site !== 'none' && isForeign(request, publicUrl)) throw forged(publicUrl)
}

function forged(publicUrl: string): Refused {
  return new Refused('csrf', {
    detail: `Open TEAM at ${publicUrl}, reload the page and try again.`,
  })
}

export function refuseForgery(request: FastifyRequest, session: Session, publicUrl: string): void {
  const token = request.headers['x-team-csrf']
  if (
    isForeign(request, publicUrl) ||
    typeof token !== 'string' ||
    !isCsrfTokenOf(session, token)
  ) {
    throw forged(publicUrl)
  }
}

/** Whether it was necessary: then AWS may have been asked. */
async function confirm(
  request: FastifyRequest,
  userId: UserId,
  deps: AuthoriseDeps,
): Promise<boolean> {
  const { permission, confirmsPerson } = request.routeOptions.config
  const changes = permission !== 'public' && isWrite(permission)
  // Nobody sits before a program and notices, so its reads ask too.
  if (!changes && confirmsPerson !== true && request.token === null) return false
  const confirmation = await deps.people.confirmPerson(userId)
  if (confirmation === 'gone') return refuseDisabled(userId, deps)
  // Cancel, return and revoke only take access away, so they work while AWS is silent.
  const needed = changes && needsConfirmation(permission)
  if (confirmation === 'unavailable' && needed) {
    throw new Refused('unconfirmed_with_aws', {
      detail:
        'AWS could not be asked whether you are still enabled and in your groups, so nothing was changed. Try again in a minute.',
    })
  }
  return true
}

async function refuseDisabled(userId: UserId, deps: AuthoriseDeps): Promise<never> {
  await deps.sessions.endAllOf(userId, 'disabled')
  await deps.tokens.revokeAllOf(userId)
  throw new Refused('person_disabled', {
    detail: 'Your user is disabled or gone in IAM Identity Center. Ask its administrator.',
  })
}
