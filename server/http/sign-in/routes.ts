/** Signing in and out (the interfaces page's "Outside the API"). */
import formbody from '@fastify/formbody'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { UserId } from '#core/ids.ts'
import type { Logger } from '#server/log.ts'
import { Refused } from '#server/operations/refused.ts'
import type { App } from '../app.ts'
import { isForeign, refuseForgery } from '../authorise.ts'
import type { Clock } from '../ports.ts'
import { authnRequest, type ServiceProvider, serviceProviderMetadata } from './authn-request.ts'
import { type Cookies, cookiesFor } from './cookies.ts'
import type { IdentityProvider } from './idp.ts'
import type { IdpMetadata } from './metadata.ts'
import { pageLocale, refusalPage } from './pages.ts'
import {
  type PreLogin,
  type PreLoginCookie,
  preLoginCookie,
  withoutQuestion,
  withQuestion,
} from './pre-login.ts'
import type { SignInRefusal } from './refusals.ts'
import { home, safeReturnTo } from './return-to.ts'
import { type SamlVerdict, verifyResponse } from './saml.ts'
import { type Secrets, sha256 } from './secrets.ts'
import { hashOfSessionId, type Sessions } from './sessions.ts'

export const acsPath = '/auth/saml/acs'

/** Nothing else of the refused message is kept. */
export interface RefusedSignIn {
  readonly reason: SignInRefusal
  readonly at: Date
  readonly length: number
  /** Hexadecimal, of the message as it was posted. */
  readonly sha256: string
  readonly address: string
  /** The error id that the page shows. */
  readonly errorId: string
}

export type FoundPerson = { readonly userId: UserId; readonly enabled: boolean }

export interface SignInDeps {
  readonly publicUrl: string
  readonly audience: string
  readonly secrets: Secrets
  readonly clock: Clock
  readonly log: Logger
  readonly sessions: Sessions
  readonly idp: IdentityProvider
  readonly rememberAssertion: (assertionId: string, until: Date) => Promise<boolean>
  /** The setting "IdP-initiated allowed". */
  readonly idpInitiatedAllowed: () => Promise<boolean>
  /** Reads AWS afresh and compares without regard to case. Null: nobody has this user name. */
  readonly findPersonByUserName: (userName: string) => Promise<FoundPerson | null | 'unavailable'>
  readonly recordRefusedSignIn: (refused: RefusedSignIn) => Promise<void>
}

interface House extends SignInDeps {
  readonly cookies: Cookies
  readonly preLogin: PreLoginCookie
  readonly provider: ServiceProvider
}

export async function registerSignIn(app: App, deps: SignInDeps): Promise<void> {
  const house: House = {
    ...deps,
    cookies: cookiesFor(deps.publicUrl),
    preLogin: preLoginCookie(deps.secrets, deps.clock),
    provider: { audience: deps.audience, acsUrl: `${deps.publicUrl}${acsPath}` },
  }
  const options = { config: { permission: 'public' }, schema: { hide: true } } as const
  const Login = z.object({ returnTo: z.unknown().optional(), moved: z.unknown().optional() })
  app.get(
    '/auth/login',
    { ...options, schema: { hide: true, querystring: Login } },
    (request, reply) => {
      const { returnTo, moved } = request.query
      const elsewhere = request.host !== new URL(deps.publicUrl).host && moved === undefined
      return elsewhere
        ? moveToPublicUrl(house, reply, returnTo)
        : login(house, request, reply, returnTo)
    },
  )
  app.get('/auth/saml/metadata', options, (_request, reply) =>
    reply.type('application/samlmetadata+xml').send(serviceProviderMetadata(house.provider)),
  )
  app.post('/auth/logout', options, (request, reply) => logout(house, request, reply))
  // Forms are parsed here and nowhere else.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    await scope.register(formbody)
    // A body that cannot be read is a refused sign-in too.
    scope.setErrorHandler((error, request, reply) => {
      const tooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413
      if (!isClientError(error)) throw error
      return refuse(house, { request, reply, message: '' }, tooLarge ? 'too_large' : 'malformed')
    })
    scope.post(acsPath, options, (request, reply) => consume(house, request, reply))
  })
}

function isClientError(error: unknown): boolean {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  return typeof error.statusCode === 'number' && error.statusCode < 500 && error.statusCode !== 429
}

/**
 * Opened under another name of this host (127.0.0.1 for localhost): the cookies would be set there,
 * and the answer comes here. Once only, for a proxy may hide the name that the browser used.
 */
function moveToPublicUrl(house: House, reply: FastifyReply, returnTo: unknown): FastifyReply {
  const url = new URL('/auth/login', house.publicUrl)
  url.searchParams.set('returnTo', safeReturnTo(returnTo, house.publicUrl))
  url.searchParams.set('moved', 'true')
  return reply.redirect(url.href, 303)
}

async function login(
  house: House,
  request: FastifyRequest,
  reply: FastifyReply,
  returnTo: unknown,
): Promise<FastifyReply> {
  const idp = await house.idp.current()
  if (idp === null) {
    return refuse(house, { request, reply, message: '' }, 'idp_unknown', { record: false })
  }
  const now = await house.clock.now()
  const question = authnRequest(house.provider, idp.signInUrl, now)
  const before = await house.preLogin.read(request.cookies[house.cookies.preLogin.name])
  const content = withQuestion(
    before,
    {
      requestId: question.requestId,
      returnTo: safeReturnTo(returnTo, house.publicUrl),
      askedAt: now.getTime(),
    },
    hashOfSessionId(request.cookies[house.cookies.session.name] ?? ''),
  )
  const { name, options } = house.cookies.preLogin
  return reply.setCookie(name, house.preLogin.write(content), options).redirect(question.url, 303)
}

interface Attempt {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** The message as it was posted. */
  readonly message: string
}

async function consume(
  house: House,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const message = samlResponseOf(request.body)
  const attempt: Attempt = { request, reply, message }
  const preLogin = await house.preLogin.read(request.cookies[house.cookies.preLogin.name])
  const idp = await house.idp.current()
  if (idp === null) return refuse(house, attempt, 'idp_unknown')
  const verdict = await verify(house, { message, preLogin, idp })
  if (!verdict.ok) return refuse(house, attempt, verdict.reason)

  const person = await house.findPersonByUserName(verdict.nameId)
  if (person === 'unavailable') return refuse(house, attempt, 'unconfirmed_with_aws')
  if (person === null) return refuse(house, attempt, 'unknown_person')
  if (!person.enabled) return refuse(house, attempt, 'person_disabled')
  return admit(house, attempt, { verdict, preLogin, userId: person.userId })
}

async function verify(
  house: House,
  given: { message: string; preLogin: PreLogin; idp: IdpMetadata },
): Promise<SamlVerdict> {
  const response = {
    samlResponse: given.message,
    openRequestIds: given.preLogin.questions.map((question) => question.requestId),
    idpInitiatedAllowed: await house.idpInitiatedAllowed(),
    now: await house.clock.now(),
  }
  const deps = { ...house.provider, rememberAssertion: house.rememberAssertion }
  const verdict = await verifyResponse(deps, { ...response, idp: given.idp })
  const maybeRotated =
    !verdict.ok && (verdict.reason === 'signature' || verdict.reason === 'certificate_expired')
  if (!maybeRotated || !(await house.idp.lookAgain())) return verdict
  const idp = await house.idp.current()
  return idp === null ? verdict : verifyResponse(deps, { ...response, idp })
}

type Accepted = Extract<SamlVerdict, { ok: true }>

async function admit(
  house: House,
  { request, reply }: Attempt,
  { verdict, preLogin, userId }: { verdict: Accepted; preLogin: PreLogin; userId: UserId },
): Promise<FastifyReply> {
  const question = preLogin.questions.find((one) => one.requestId === verdict.requestId)
  const { id } = await house.sessions.start({
    userId,
    userName: verdict.nameId,
    address: request.ip,
    assertionId: verdict.assertionId,
    idpInitiated: verdict.requestId === null,
    sessionNotOnOrAfter: verdict.sessionNotOnOrAfter,
    localeHint: pageLocale(request.headers['accept-language']),
    replaced: replacedSession(house, request, preLogin),
  })
  const { session, preLogin: kind } = house.cookies
  reply.setCookie(session.name, id, session.options)
  const left = verdict.requestId === null ? null : withoutQuestion(preLogin, verdict.requestId)
  if (left === null) reply.clearCookie(kind.name, kind.options)
  else reply.setCookie(kind.name, house.preLogin.write(left), kind.options)
  return reply.redirect(`${house.publicUrl}${question?.returnTo ?? home}`, 303)
}

/** The session that this browser had, by its own cookie or, where that was not sent, by the other. */
function replacedSession(house: House, request: FastifyRequest, preLogin: PreLogin): Buffer | null {
  const sent = hashOfSessionId(request.cookies[house.cookies.session.name] ?? '')
  if (sent !== null) return sent
  return preLogin.sessionHash === null ? null : Buffer.from(preLogin.sessionHash, 'hex')
}

function samlResponseOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('SAMLResponse' in body)) return ''
  // Sent twice, it is a list: neither of the two is believed.
  return typeof body.SAMLResponse === 'string' ? body.SAMLResponse : ''
}

async function refuse(
  house: House,
  { request, reply, message }: Attempt,
  reason: SignInRefusal,
  { record = true } = {},
): Promise<FastifyReply> {
  const errorId = request.id
  house.log.warn({ reason, errorId, address: request.ip }, 'a sign-in was refused')
  if (record) {
    const declared = Number(request.headers['content-length'] ?? '0')
    try {
      await house.recordRefusedSignIn({
        reason,
        at: await house.clock.now(),
        length: message === '' ? declared : message.length,
        sha256: sha256(message).toString('hex'),
        address: request.ip,
        errorId,
      })
    } catch (error) {
      // It stays refused, whatever becomes of the record.
      house.log.error({ err: error, errorId }, 'a refused sign-in could not be recorded')
    }
  }
  const locale = pageLocale(request.headers['accept-language'])
  const page = refusalPage(reason, { locale, errorId })
  return reply
    .code(page.status)
    .header('content-security-policy', page.contentSecurityPolicy)
    .header('content-language', locale)
    .header('vary', 'accept-language')
    .type('text/html; charset=utf-8')
    .send(page.html)
}

async function logout(
  house: House,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // Without the cookie there is no token to ask for, and a stranger's form must not take it away.
  if (isForeign(request, house.publicUrl)) throw new Refused('csrf')
  const { session: kind } = house.cookies
  const session = await house.sessions.authenticate(request.cookies[kind.name] ?? '')
  if (session !== null) {
    refuseForgery(request, session, house.publicUrl)
    await house.sessions.end(session, 'signed_out')
  }
  return reply.clearCookie(kind.name, kind.options).code(204).send()
}
