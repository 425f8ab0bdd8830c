import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { World } from '../model/world.ts'
import { readBody } from '../wire/http.ts'
import { accountPage, actInAccount } from './account-page.ts'
import { addApplication, applicationFormPage } from './application-form.ts'
import { consolePage } from './console-page.ts'
import { type Page, redirect, refusalPage } from './html.ts'
import { metadata, signOn } from './identity-provider.ts'
import { inboxPage } from './inbox-page.ts'
import { landingPage } from './landing-page.ts'
import { launch, signIn, signOut, startPage } from './start-page.ts'
import type { Visit } from './visit.ts'

const asset = (name: string, type: string) => {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')
  return (): Page => ({ status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body })
}

const pages: Readonly<Record<string, (visit: Visit) => Page>> = {
  'GET /': landingPage,
  'GET /start': startPage,
  'GET /start/launch': launch,
  'GET /start/session': accountPage,
  'GET /console': consolePage,
  'GET /console/applications/new': applicationFormPage,
  'GET /inbox': inboxPage,
}
const forms: Readonly<Record<string, (visit: Visit) => Page>> = {
  'POST /start/sign-in': signIn,
  'POST /start/sign-out': signOut,
  'POST /console/applications': addApplication,
  'POST /start/session/act': actInAccount,
}
const assets: Readonly<Record<string, () => Page>> = {
  'GET /assets/sandbox.css': asset('sandbox.css', 'text/css'),
  'GET /assets/submit.js': asset('submit.js', 'text/javascript'),
}

export async function servePortal(
  world: World,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = (await readBody(incoming)).toString('utf8')
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2)
  const host = incoming.headers.host ?? ''
  const visit: Visit = {
    world,
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    form: new URLSearchParams(body),
    host,
    origin: `http://${canonicalHost(host)}`,
    cookies: incoming.headers.cookie ?? '',
  }
  const { status, headers, body: text } = answer(visit, incoming.headers.origin)
  outgoing.writeHead(status, headers)
  outgoing.end(text)
}

/**
 * An identity provider has one name, and cookies belong to one host. So the loopback names are one
 * here, 127.0.0.1, and pages asked for under another are sent there.
 */
const canonicalHost = (host: string) => host.replace(/^(localhost|\[::1\])(?=:|$)/i, '127.0.0.1')

function answer(visit: Visit, origin: string | undefined): Page {
  const route = `${visit.method} ${visit.path}`
  const show = pages[route]
  if (show !== undefined) {
    if (canonicalHost(visit.host) === visit.host) return show(visit)
    return redirect(`${visit.origin}${visit.path}${visit.query.size > 0 ? `?${visit.query}` : ''}`)
  }
  const submit = forms[route]
  if (submit !== undefined) {
    const foreign = origin !== undefined && origin !== `http://${visit.host}`
    if (!foreign) return submit(visit)
    return refusalPage(403, 'Not from here', 'This form belongs to the sandbox itself.')
  }
  const [, kind, slug = ''] =
    /^\/saml\/(metadata|assertion)\/([a-z0-9-]{1,100})$/.exec(visit.path) ?? []
  if (kind === 'metadata' && visit.method === 'GET') return metadata(visit, slug)
  if (kind === 'assertion' && /^(GET|POST)$/.test(visit.method)) return signOn(visit, slug)
  return assets[route]?.() ?? refusalPage(404, 'Not found', `There is nothing at ${visit.path}.`)
}
