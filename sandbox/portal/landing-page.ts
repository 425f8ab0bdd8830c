import { html, type Page, page } from './html.ts'
import type { Visit } from './visit.ts'

export function landingPage(visit: Visit): Page {
  const { accounts, users } = visit.world.state
  const team = visit.world.state.applications.get('team')
  const launch = (userName: string) =>
    team === undefined
      ? html`<strong>${userName}</strong>`
      : html`<a href="/start/launch?user=${userName}&amp;app=team">${userName}</a>`
  return page(
    'An AWS organisation in a box',
    html`<p>It stands in for AWS while you try TEAM: ${accounts.size} accounts, ${users.size} people, an access portal that signs them in, and an inbox for the mails that are sent.</p>
<ul class="tiles">
<li><a href="/start"><strong>Access portal</strong></a><br><span class="quiet">be one of the people: their applications, and the accounts they hold now</span></li>
<li><a href="/console"><strong>Console</strong></a><br><span class="quiet">who is assigned to which account, and the registered applications</span></li>
<li><a href="/inbox"><strong>Inbox</strong></a><br><span class="quiet">every mail that was sent</span></li>
</ul>
<h2>What to try, in this order</h2>
<div class="card"><ol>
<li>Sign in to TEAM as ${launch('test-admin')}. Make an eligibility policy that lets the group <em>TEAM users</em> ask for <em>ReadOnlyAccess</em> in an account under <em>Workloads / Dev</em>, and an approver policy that names <em>TEAM approvers</em> for the same account.</li>
<li>Sign in as ${launch('test-user')} and ask for that access, for a minute or more.</li>
<li>Sign in as an approver, ${launch('naoko.mori')} or ${launch('sam.carter')}, and approve it.</li>
<li>Look at the <a href="/console">console</a>: the assignment is there. As test-user, the <a href="/start">access portal</a> now shows the account.</li>
<li>Wait until the time is up, and look again: it is gone.</li>
<li>Read the <a href="/inbox">mails</a>. Sign in as ${launch('test-auditor')} to see what was recorded.</li>
</ol></div>
<p class="quiet">${team === undefined ? 'No application named TEAM is registered yet, so there is no tile for it.' : 'Open each person in a browser profile or private window of their own to stay signed in as all of them.'}</p>`,
  )
}
