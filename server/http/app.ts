/**
 * The house of HTTP: everything that every route shares. A resource is a file that exports
 * `registerX(app, deps)` and declares, for each route, its schemas and its permission:
 *
 *   app.get(
 *     '/api/v1/things/:id',
 *     { config: { permission: 'thing.read' }, schema: { params: Params, response: { 200: Thing } } },
 *     async (request) => readThing(deps, request.actor, request.params.id),
 *   )
 *
 * What it may rely on: `request.actor` is a person confirmed as the domain's "Freshness" says, a
 * write came from TEAM's own page, the input has been parsed by its schema, what is thrown as
 * `Refused` becomes problem+json, and nothing outside the response schema leaves the house.
 *
 * Input of the wrong shape is 400 `malformed` with a line for each field; input of the right shape
 * that a rule refuses has the rule's own code, mostly 422. An unknown path is 404, a known path
 * with a method it does not have is 405.
 */
import { randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { Problem } from '#contract/common.ts'
import { type Relation, type Role, whoMay } from '#core/access.ts'
import { scopesFor } from '#core/token.ts'
import type { Logger } from '#server/log.ts'
import { Refused } from '#server/operations/refused.ts'
import { authorise, requirePermissions } from './authorise.ts'
import { clientErrorHandler } from './client-errors.ts'
import { describeOperations } from './describe-operations.ts'
import { registerDocsPage } from './docs-page.ts'
import { type HealthDeps, registerHealth } from './health.ts'
import { readJsonStrictly } from './json-body.ts'
import { finishAnswers, watchAnswers } from './leaving.ts'
import type { PeoplePorts } from './ports.ts'
import { handleError, sendProblem } from './problem.ts'
import { addRateLimits, defaultRateLimits, type RateLimits } from './rate-limits.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { serializerCompiler } from './serialize.ts'
import { cookiesFor } from './sign-in/cookies.ts'
import type { Sessions } from './sign-in/sessions.ts'
import type { Tokens } from './sign-in/tokens.ts'
import { registerWebBundle } from './static.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

export const bodyBytesMax = 256 * 1024

export interface AppDeps extends HealthDeps {
  readonly publicUrl: string
  readonly version: string
  readonly log: Logger
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly people: PeoplePorts
  /** Addresses of proxies whose `X-Forwarded-For` is believed; none by default. */
  readonly trustedProxies: readonly string[]
  readonly rateLimits?: RateLimits
  /** The built web bundle; null where there is none to serve. */
  readonly webRoot: string | null
  /** Absent: never. */
  readonly isLeaving?: () => boolean
  /** The resources, each a call of its `registerX(app, deps)`. */
  readonly register: (app: App) => void | Promise<void>
}

export async function buildApp(deps: AppDeps): Promise<App> {
  const app: App = fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 500 },
    forceCloseConnections: true,
    frameworkErrors: handleError,
    clientErrorHandler: clientErrorHandler(deps.log),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(handleError)
  // Forms and plain text are what another site's page may send without asking; JSON is not.
  app.removeContentTypeParser('text/plain')
  readJsonStrictly(app)

  const answers = watchAnswers(app, deps.isLeaving ?? (() => false))
  logRequests(app)
  addSecurityHeaders(app, deps.publicUrl)
  requirePermissions(app)
  documentProblems(app)
  documentScopes(app)
  answerUnknownPaths(app)
  await app.register(cookie)
  const check = await addRateLimits(app, deps.rateLimits ?? defaultRateLimits)
  authorise(app, {
    publicUrl: deps.publicUrl,
    sessionCookieName: cookiesFor(deps.publicUrl).session.name,
    sessions: deps.sessions,
    tokens: deps.tokens,
    people: deps.people,
  })
  app.addHook('onRequest', async (request) => {
    if (request.token !== null) await check.token(request)
    else if (request.session !== null) await check.session(request)
  })
  await describe(app, deps)

  registerDocsPage(app)
  registerHealth(app, deps)
  await deps.register(app)
  if (deps.webRoot !== null) await registerWebBundle(app, deps.webRoot)
  finishAnswers(app, answers)
  await app.ready()
  return app
}

function logRequests(app: App): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? '(none)',
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
        userId: request.session?.userId ?? request.token?.ownerId,
        tokenId: request.token?.id,
      },
      'answered',
    )
  })
}

/** Every route of the API may answer with a problem; said once, here. */
function documentProblems(app: App): void {
  const problem = {
    description: 'A refusal or a fault',
    content: { 'application/problem+json': { schema: Problem } },
  }
  app.addHook('onRoute', (route) => {
    const response: unknown = route.schema?.response
    if (!route.url.startsWith('/api/') || typeof response !== 'object' || response === null) return
    route.schema = { ...route.schema, response: { default: problem, ...response } }
  })
}

const inWords: Readonly<Record<Role | Relation, string>> = {
  requester: 'everybody who can sign in',
  approver: 'approvers',
  auditor: 'auditors',
  admin: 'administrators',
  own: 'whose it is',
  'approver-of-it': 'those who can approve it',
  'past-decider': 'those who have decided on it',
}

/** Who may, and which scope lets a token in, is said with each operation, from the one table that decides it. */
function documentScopes(app: App): void {
  app.addHook('onRoute', (route) => {
    const permission = route.config?.permission
    if (!route.url.startsWith('/api/v1/') || permission === undefined) return
    if (permission === 'public' || route.schema === undefined) return
    const scopes = scopesFor(permission)
    const names = scopes.map((scope) => `\`${scope}\``).join(' or ')
    const who = `For ${whoMay(permission)
      .map((one) => inWords[one])
      .join(', ')}`
    const told = `${who}. ${scopes.length === 0 ? 'Not by a token' : `Token scope: ${names}`}`
    const { description } = route.schema
    route.schema = {
      ...route.schema,
      description: description === undefined ? told : `${description}. ${told}`,
      ...(scopes.length === 0 && { security: [{ session: [], csrf: [] }] }),
    }
  })
}

async function describe(app: App, deps: AppDeps): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'TEAM',
        version: deps.version,
        description: 'Temporary elevated access to AWS accounts, through IAM Identity Center.',
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: cookiesFor(deps.publicUrl).session.name },
          csrf: { type: 'apiKey', in: 'header', name: 'x-team-csrf' },
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'team_…',
            description:
              'An API token of `POST /api/v1/tokens`. Each operation says which scope covers it; an operation that names none takes no token. Cookies are not looked at, and no CSRF header is needed.',
          },
        },
      },
      security: [{ session: [], csrf: [] }, { token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => describeOperations(jsonSchemaTransformObject(document)),
  })
  app.get(
    '/api/openapi.json',
    { config: { permission: 'public' }, schema: { hide: true } },
    async () => app.swagger(),
  )
}

function answerUnknownPaths(app: App): void {
  const methodsOf = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    const methods = methodsOf.get(route.url) ?? new Set()
    for (const method of [route.method].flat()) methods.add(method)
    methodsOf.set(route.url, methods)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/'
    const allowed = [...methodsOf]
      .filter(([pattern]) => pattern !== '/*' && patternMatches(pattern, path))
      .flatMap(([, methods]) => [...methods])
    const isKnown = allowed.length > 0 && !allowed.includes(request.method)
    if (!isKnown) return sendProblem(request, reply, new Refused('not_found'))
    reply.header('allow', [...new Set(allowed)].join(', '))
    return sendProblem(request, reply, new Refused('method_not_allowed'))
  })
}

function patternMatches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((part, index) =>
      part.startsWith(':') ? given[index] !== '' : part === given[index],
    )
  )
}
