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
  relations,
} from '#core/access.ts'
import { Refused } from '#server/operations/refused.ts'
import type { Session } from '#server/store/sessions.ts'
import type { Actor, PeoplePorts } from './ports.ts'
import { isCsrfTokenOf, type Sessions } from './sign-in/sessions.ts'

export type Permission = Action | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    permission: Permission
    /** A read that asks AWS about the person if the last answer is old, and goes on without. */
    confirmsPerson?: boolean
  }
  interface FastifyRequest {
    /** Set on every route that is not public; reading it on a public one is a bug and throws. */
    actor: Actor
    /** Null on a public route. */
    session: Session | null
  }
}

export interface AuthoriseDeps {
  readonly publicUrl: string
  readonly sessionCookieName: string
  readonly sessions: Sessions
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
  app.decorateRequest('actor', {
    getter() {
      const actor = actors.get(this as FastifyRequest)
      if (actor === undefined) throw new Error('A public route has no actor.')
      return actor
    },
  })
  // Before the body is parsed: a stranger's body is not read.
  app.addHook('onRequest', async (request) => {
    if (request.is404 || request.routeOptions.config.permission === 'public') return
    request.session = await sessionOf(request, deps)
    if (!isSafe(request.method)) refuseForgery(request, request.session, deps.publicUrl)
  })
  app.addHook('preValidation', async (request) => {
    const { session } = request
    if (session === null) return
    const { permission } = request.routeOptions.config
    if (permission === 'public') return
    await confirm(request, session, deps)
    const actor = await deps.people.loadActor(session.userId)
    if (actor === null || !actor.person.enabled) return refuseDisabled(session, deps)
    if (!mayPerformOnSomething(permission, actor)) {
      throw new Refused('not_allowed', {
        detail: 'Your roles do not allow this. An administrator can say who may.',
        params: { permission },
      })
    }
    actors.set(request, actor)
  })
}

async function sessionOf(request: FastifyRequest, deps: AuthoriseDeps): Promise<Session> {
  const id = request.cookies[deps.sessionCookieName]
  // A page's own polling says so, lest an open tab keep a session from falling idle.
  const countsAsActivity = request.headers['x-team-background'] === undefined
  const session =
    id === undefined ? null : await deps.sessions.authenticate(id, { countsAsActivity })
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

function mayPerformOnSomething(action: Action, { person, roles }: Actor): boolean {
  return relationsToTry.some((held) =>
    mayPerform(action, { enabled: person.enabled, roles, relations: held }),
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

export function refuseForgery(request: FastifyRequest, session: Session, publicUrl: string): void {
  const token = request.headers['x-team-csrf']
  if (
    isForeign(request, publicUrl) ||
    typeof token !== 'string' ||
    !isCsrfTokenOf(session, token)
  ) {
    throw new Refused('csrf', {
      detail: `Open TEAM at ${publicUrl}, reload the page and try again.`,
    })
  }
}

async function confirm(
  request: FastifyRequest,
  session: Session,
  deps: AuthoriseDeps,
): Promise<void> {
  const { permission, confirmsPerson } = request.routeOptions.config
  const changes = permission !== 'public' && isWrite(permission)
  if (!changes && confirmsPerson !== true) return
  const confirmation = await deps.people.confirmPerson(session.userId)
  if (confirmation === 'gone') return refuseDisabled(session, deps)
  // Cancel, return and revoke only take access away, so they work while AWS is silent.
  const needed = changes && needsConfirmation(permission)
  if (confirmation === 'unavailable' && needed) {
    throw new Refused('unconfirmed_with_aws', {
      detail:
        'AWS could not be asked whether you are still enabled and in your groups, so nothing was changed. Try again in a minute.',
    })
  }
}

async function refuseDisabled(session: Session, deps: AuthoriseDeps): Promise<never> {
  await deps.sessions.endAllOf(session.userId, 'disabled')
  throw new Refused('person_disabled', {
    detail: 'Your user is disabled or gone in IAM Identity Center. Ask its administrator.',
  })
}
