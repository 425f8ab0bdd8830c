import { type Holding, holdingsOf } from '../model/holdings.ts'
import type { ConsoleSession, User } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { allows, type ConsoleAction, consoleActions, doingOf } from '../trail/actions.ts'
import { act, actorOf, arnOfSession } from '../trail/trail.ts'
import { type Html, html, inUtc, type Page, page, redirect, refusalPage } from './html.ts'
import { type Visit, visitor } from './visit.ts'

/**
 * What "Management console" opens: a session of the role, and a few things to do in it. The session
 * lives until its own end, whatever becomes of the access; so does this page.
 */
export function accountPage(visit: Visit): Page {
  const user = visitor(visit)
  if (user === null) return redirect('/start')
  const wanted = wantedOf(visit.query)
  const session = openSession(visit.world, user, wanted)
  if (session === null) return noAccess(user, wanted)
  const { state } = visit.world
  const set = state.permissionSets.get(session.permissionSetArn)
  const accountName = state.accounts.get(session.accountId)?.name ?? session.accountId
  return page(
    `${accountName} as ${set?.name ?? session.roleName}`,
    html`<div class="card"><dl>
<dt>Account</dt><dd>${accountName} (${session.accountId})</dd>
<dt>Role session</dt><dd>${arnOfSession(actorOf(visit.world, session))}</dd>
<dt>Began</dt><dd>${inUtc(session.openedAt)}</dd>
<dt>Lasts until</dt><dd>${inUtc(session.until)} (session duration ${set?.sessionDuration ?? 'unknown'})</dd>
</dl>
<p>On AWS this would be the management console. The session lasts until then even if the assignment is removed earlier: removing access stops new sessions, not one that is open.</p></div>
<h2>Do something</h2>
${doneNote(visit.query.get('done'))}
<ul class="tiles">${consoleActions.map((action) => tile(action, wanted))}</ul>
<p class="quiet">What is done here is in the organisation's trail about ${Math.ceil(visit.world.settings.trailDelayMs / 1000)} seconds later.</p>
<p><a class="button" href="/start">Back to the access portal</a></p>`,
  )
}

interface Wanted {
  readonly accountId: string
  readonly permissionSet: string
}

function wantedOf(from: URLSearchParams): Wanted {
  return {
    accountId: from.get('accountId') ?? '',
    permissionSet: from.get('permissionSet') ?? '',
  }
}

function tile(action: ConsoleAction, { accountId, permissionSet }: Wanted): Html {
  return html`<li><form method="post" action="/start/session/act">
<input type="hidden" name="accountId" value="${accountId}">
<input type="hidden" name="permissionSet" value="${permissionSet}">
<input type="hidden" name="action" value="${action.id}">
<button class="plain">${action.label}</button>
</form></li>`
}

function doneNote(done: string | null): Html | null {
  const [outcome, id] = (done ?? '').split(' ')
  const action = consoleActions.find((one) => one.id === id)
  if (action === undefined) return null
  const words = outcome === 'denied' ? 'was denied' : 'was done'
  return html`<p class="card" role="status">${action.label}: ${words} (${action.eventSource} ${action.eventName}).</p>`
}

export function actInAccount(visit: Visit): Page {
  const user = visitor(visit)
  if (user === null) return redirect('/start')
  const wanted = wantedOf(visit.form)
  const { world } = visit
  const session = liveSession(world, user, wanted)
  const action = consoleActions.find((one) => one.id === visit.form.get('action'))
  if (session === null) return noAccess(user, wanted)
  if (action === undefined) return refusalPage(404, 'No such action', 'The console has none of it.')
  const set = world.state.permissionSets.get(session.permissionSetArn)
  const allowed = set !== undefined && allows(set, action)
  act(world, session, doingOf(action, allowed, arnOfSession(actorOf(world, session))))
  const query = new URLSearchParams({
    ...wanted,
    done: `${allowed ? 'done' : 'denied'} ${action.id}`,
  })
  return redirect(`/start/session?${query}`)
}

function liveSession(world: World, user: User, wanted: Wanted): ConsoleSession | null {
  const found = world.state.consoleSessions.findLast(
    (one) =>
      one.userId === user.userId &&
      one.accountId === wanted.accountId &&
      world.state.permissionSets.get(one.permissionSetArn)?.name === wanted.permissionSet &&
      one.until > world.now(),
  )
  return found ?? null
}

/** The one that is open, else a new one of what the person holds now. */
function openSession(world: World, user: User, wanted: Wanted): ConsoleSession | null {
  const open = liveSession(world, user, wanted)
  if (open !== null) return open
  const holding = holdingsOf(world.state, user.userId).find(
    (held) =>
      held.accountId === wanted.accountId && held.permissionSetName === wanted.permissionSet,
  )
  if (holding === undefined) return null
  const session = sessionOf(world, user, holding)
  world.commit({ type: 'console-session', value: session })
  act(world, session, {
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    readOnly: false,
    region: world.state.organisation.primaryRegion,
    requestParameters: null,
    responseElements: { ConsoleLogin: 'Success' },
    error: null,
    sourceAddress: '203.0.113.24',
  })
  return session
}

function sessionOf(world: World, user: User, holding: Holding): ConsoleSession {
  const now = world.now()
  return {
    userId: user.userId,
    userName: user.userName,
    accountId: holding.accountId,
    permissionSetArn: holding.permissionSetArn,
    roleName: holding.roleName,
    openedAt: now,
    until: now + durationMs(holding.sessionDuration),
  }
}

function noAccess(user: User, { accountId, permissionSet }: Wanted): Page {
  const reason = `${user.displayName} does not hold ${permissionSet} in ${accountId} now, and has no session of it open.`
  return refusalPage(403, 'No access', reason)
}

function durationMs(iso: string): number {
  const [, hours = '0', minutes = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?/.exec(iso) ?? []
  return (Number(hours) * 60 + Number(minutes)) * 60_000
}
