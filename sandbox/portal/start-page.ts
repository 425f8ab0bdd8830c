import { type Holding, holdingsOf, mayOpen } from '../model/holdings.ts'
import type { Application, User } from '../model/types.ts'
import { type Html, html, inUtc, type Page, page, redirect, refusalPage } from './html.ts'
import { answerPage } from './identity-provider.ts'
import { signInCookie, signOutCookie } from './session.ts'
import { type Visit, visitor } from './visit.ts'

const peopleShown = 50

export function startPage(visit: Visit): Page {
  const user = visitor(visit)
  if (user === null) return signInPage(visit, { returnTo: '/start', about: null })
  const { state } = visit.world
  const tiles = [...state.applications.values()]
    .filter((application) => mayOpen(state, user.userId, application))
    .map((application) => tile(application, user))
  const accounts = holdingsOf(state, user.userId).map(holdingRow)
  return page(
    'Access portal',
    html`<form class="row" method="post" action="/start/sign-out">
<span>Signed in as <strong>${user.displayName}</strong> (${user.userName})</span>
<button class="plain">Sign out or become somebody else</button>
</form>
<h2>Applications</h2>
${tiles.length === 0 ? html`<p class="card">No application is assigned to ${user.displayName}.</p>` : html`<ul class="tiles">${tiles}</ul>`}
<h2>Accounts held now</h2>
${
  accounts.length === 0
    ? html`<p class="card">${user.displayName} holds no access to any account at this moment.</p>`
    : html`<div class="card scroll"><table>
<thead><tr><th scope="col">Account</th><th scope="col">Permission set</th><th scope="col">Through</th><th scope="col">Open</th></tr></thead>
<tbody>${accounts}</tbody></table></div>`
}
<p class="quiet">As of ${inUtc(visit.world.now())}. Load the page again to see changes.</p>`,
  )
}

function tile(application: Application, user: User): Html {
  const query = new URLSearchParams({ user: user.userName, app: application.slug })
  const href = application.startUrl === '' ? `/start/launch?${query}` : application.startUrl
  return html`<li><a href="${href}"><strong>${application.name}</strong></a><br><span class="quiet">SAML 2.0 application</span></li>`
}

function holdingRow(holding: Holding): Html {
  const query = new URLSearchParams({
    accountId: holding.accountId,
    permissionSet: holding.permissionSetName,
  })
  return html`<tr>
<td>${holding.accountName}<br><span class="quiet">${holding.accountId}</span></td>
<td>${holding.permissionSetName}<br><span class="quiet">${holding.roleName}</span></td>
<td>${holding.throughGroup === null ? 'own assignment' : `group ${holding.throughGroup}`}</td>
<td><a href="/start/session?${query.toString()}">Management console</a></td>
</tr>`
}

export function signInPage(
  visit: Visit,
  { returnTo, about }: { returnTo: string; about: string | null },
): Page {
  const wanted = (visit.query.get('q') ?? '').toLowerCase()
  const people: User[] = []
  let matching = 0
  for (const user of visit.world.state.users.values()) {
    if (!`${user.userName} ${user.displayName}`.toLowerCase().includes(wanted)) continue
    matching += 1
    if (people.length < peopleShown) people.push(user)
  }
  const rows = people.map(
    (user) => html`<li><form method="post" action="/start/sign-in">
<input type="hidden" name="returnTo" value="${returnTo}">
<input type="hidden" name="user" value="${user.userName}">
<button${user.status === 'DISABLED' ? html` disabled` : null}>${user.displayName}</button>
<br><span class="quiet">${user.userName}${user.status === 'DISABLED' ? ' · disabled' : ''}</span>
</form></li>`,
  )
  const search = html`<form class="row" role="search" action="/start">
<label for="q">Find a person</label><input type="search" id="q" name="q" value="${wanted}"><button class="plain">Find</button>
</form>`
  return page(
    'Sign in to the access portal',
    html`<p>${about === null ? 'Pick the person to be.' : `Pick the person to sign in to ${about} as.`} There are no passwords here.</p>
${matching > people.length || wanted !== '' ? search : null}
<ul class="tiles">${rows}</ul>
<p class="quiet">${people.length} of ${matching} people shown.</p>`,
  )
}

/** Only to a page of this server: anything else would be an open redirect. */
const ownPath = (path: string) => (/^\/(?![/\\])/.test(path) ? path : '/start')

export function signIn(visit: Visit): Page {
  const userName = visit.form.get('user') ?? ''
  const user = findPerson(visit, userName)
  if (user === undefined) return refusalPage(404, 'Nobody of that name', `There is no ${userName}.`)
  if (user.status === 'DISABLED') return disabledPage(user)
  const cookie = signInCookie(visit.world, user, visit.host)
  return redirect(ownPath(visit.form.get('returnTo') ?? ''), { 'set-cookie': cookie })
}

export function signOut(visit: Visit): Page {
  return redirect('/start', { 'set-cookie': signOutCookie(visit.host) })
}

/** Signs a person in and acts as a click on an application's tile. */
export function launch(visit: Visit): Page {
  const userName = visit.query.get('user') ?? ''
  const user = findPerson(visit, userName)
  if (user === undefined) return refusalPage(404, 'Nobody of that name', `There is no ${userName}.`)
  if (user.status === 'DISABLED') return disabledPage(user)
  const slug = visit.query.get('app') ?? ''
  const application = visit.world.state.applications.get(slug)
  if (application === undefined) {
    return refusalPage(404, 'No such application', `There is no application ${slug}.`)
  }
  const cookie = { 'set-cookie': signInCookie(visit.world, user, visit.host) }
  if (!mayOpen(visit.world.state, user.userId, application)) {
    const reason = `${user.userName} is not assigned to ${application.name}.`
    const refused = refusalPage(403, 'No access', reason)
    return { ...refused, headers: { ...refused.headers, ...cookie } }
  }
  if (visit.query.get('idpInitiated') !== 'true' && application.startUrl !== '') {
    return redirect(application.startUrl, cookie)
  }
  const relayState = visit.query.get('relayState')
  const form = answerPage(visit, { application, user, relayState, inResponseTo: null })
  return { ...form, headers: { ...form.headers, ...cookie } }
}

const findPerson = ({ world }: Visit, name: string) =>
  world.state.userByName(name) ?? world.state.userByEmail(name)

const disabledPage = (user: User) =>
  refusalPage(403, 'No access', `${user.userName} is disabled in the directory.`)
