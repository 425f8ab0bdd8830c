import { deflateRawSync } from 'node:zlib'
import { mayOpen } from '../model/holdings.ts'
import type { Application, User } from '../model/types.ts'
import { html, type Page, page, redirect, refusalPage } from './html.ts'
import { type AuthnRequest, BadAuthnRequest, readAuthnRequest } from './saml-request.ts'
import { makeResponse, metadataXml, NoSubject } from './saml-response.ts'
import { signInPage } from './start-page.ts'
import { type Visit, visitor } from './visit.ts'

const entityIdOf = (visit: Visit, slug: string) => `${visit.origin}/saml/assertion/${slug}`

/**
 * The metadata of an application is there before the application, so that either side can be set up
 * first; the certificate is the same for all.
 */
export function metadata(visit: Visit, slug: string): Page {
  const entityId = entityIdOf(visit, slug)
  const certificatePem = visit.world.state.portalSecrets?.certificatePem ?? ''
  return {
    status: 200,
    headers: { 'content-type': 'application/samlmetadata+xml', 'cache-control': 'no-store' },
    body: metadataXml({ entityId, ssoUrl: entityId, certificatePem }),
  }
}

/**
 * Sign-on that the application started. A request by POST comes without the portal's cookie when the
 * application is on another site, so it is turned into the same request by GET, which brings it.
 */
export function signOn(visit: Visit, slug: string): Page {
  const fields = visit.method === 'POST' ? visit.form : visit.query
  const encoded = fields.get('SAMLRequest')
  if (encoded === null) return refusalPage(400, 'Not a sign-on request', 'SAMLRequest is missing.')
  const relayState = fields.get('RelayState')
  let request: AuthnRequest
  try {
    request = readAuthnRequest(encoded, visit.method === 'POST' ? 'post' : 'redirect')
  } catch (error) {
    if (!(error instanceof BadAuthnRequest)) throw error
    return refusalPage(400, 'Not a sign-on request', error.message)
  }
  const application = visit.world.state.applications.get(slug)
  const refusal = refuseRequest(application, request)
  if (application === undefined || refusal !== null) {
    return refusalPage(403, 'No access', refusal ?? 'There is no such application.')
  }
  if (visit.method === 'POST') return redirect(asRedirect(visit, slug, { encoded, relayState }))
  const user = visitor(visit)
  if (user === null) {
    return signInPage(visit, { returnTo: `${visit.path}?${visit.query}`, about: application.name })
  }
  return answerPage(visit, { application, user, relayState, inResponseTo: request.id })
}

function refuseRequest(application: Application | undefined, request: AuthnRequest): string | null {
  if (application === undefined) return 'No application is registered here.'
  if (request.issuer !== application.audience) {
    return `The request comes from ${request.issuer || 'nobody'}, which is not the registered audience.`
  }
  if (request.acsUrl !== null && request.acsUrl !== application.acsUrl) {
    return 'The request asks for an answer to an address that is not the registered ACS URL.'
  }
  return null
}

function asRedirect(
  visit: Visit,
  slug: string,
  message: { encoded: string; relayState: string | null },
): string {
  const deflated = deflateRawSync(Buffer.from(message.encoded, 'base64')).toString('base64')
  const query = new URLSearchParams({ SAMLRequest: deflated })
  if (message.relayState !== null) query.set('RelayState', message.relayState)
  return `${entityIdOf(visit, slug)}?${query}`
}

/** A form that posts itself to the application: by a small script, or by its button. */
export function answerPage(
  visit: Visit,
  answer: {
    application: Application
    user: User
    relayState: string | null
    inResponseTo: string | null
  },
): Page {
  const { application, user, relayState, inResponseTo } = answer
  const { state } = visit.world
  if (!mayOpen(state, user.userId, application)) {
    const reason = `${user.userName} is not assigned to ${application.name}, or is disabled.`
    return refusalPage(403, 'No access', reason)
  }
  let response: string
  try {
    const issuer = entityIdOf(visit, application.slug)
    const now = visit.world.now()
    response = makeResponse({ state, now, issuer, application, user, inResponseTo })
  } catch (error) {
    if (!(error instanceof NoSubject)) throw error
    return refusalPage(403, 'No access', error.message)
  }
  const encoded = Buffer.from(response).toString('base64')
  const relay =
    relayState === null ? null : html`<input type="hidden" name="RelayState" value="${relayState}">`
  const content = html`<form class="card" method="post" action="${application.acsUrl}">
<p>Signing in to ${application.name} as ${user.displayName} (${user.userName}).</p>
<input type="hidden" name="SAMLResponse" value="${encoded}">${relay}
<button>Continue</button>
</form>`
  return page(`Opening ${application.name}`, content, {
    formsTo: new URL(application.acsUrl).origin,
    head: html`<script src="/assets/submit.js" defer></script>`,
  })
}
