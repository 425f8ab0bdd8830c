import type { Account, Application, Assignment } from '../model/types.ts'
import { type Html, html, inUtc, type Page, page } from './html.ts'
import type { Visit } from './visit.ts'

const accountsShown = 200

export function consolePage(visit: Visit): Page {
  const { state } = visit.world
  const wanted = (visit.query.get('q') ?? '').toLowerCase()
  const accounts = [...state.accounts.values()].filter((account) =>
    `${account.name} ${account.accountId}`.toLowerCase().includes(wanted),
  )
  const assignments = new Map<string, Assignment[]>()
  for (const assignment of state.assignments.values()) {
    const rows = assignments.get(assignment.accountId) ?? []
    rows.push(assignment)
    assignments.set(assignment.accountId, rows)
  }
  const cards = accounts
    .slice(0, accountsShown)
    .map((account) => accountCard(visit, account, assignments.get(account.accountId) ?? []))
  const applications = [...state.applications.values()].map((one) => applicationCard(visit, one))
  return page(
    'IAM Identity Center',
    html`<p class="quiet">Instance ${state.organisation.instanceArn} · Identity Store ${state.organisation.identityStoreId} · ${state.organisation.primaryRegion} · as of ${inUtc(visit.world.now())}</p>
<h2>Applications</h2>
${applications.length === 0 ? html`<p class="card">No SAML 2.0 application has been added.</p>` : applications}
<p><a href="/console/applications/new">Add application</a></p>
<h2>AWS accounts</h2>
<form class="row" role="search"><label for="q">Find an account</label>
<input type="search" id="q" name="q" value="${wanted}"><button class="plain">Find</button></form>
<p class="quiet">${cards.length} of ${accounts.length} accounts shown.</p>
${cards}`,
  )
}

function placeOf({ world: { state } }: Visit, account: Account): string {
  const names: string[] = []
  const unitsMax = state.organizationalUnits.size
  let unit = state.organizationalUnits.get(account.parentId)
  while (unit !== undefined && names.length < unitsMax) {
    names.unshift(unit.name)
    unit = state.organizationalUnits.get(unit.parentId)
  }
  return ['Root', ...names].join(' / ')
}

function accountCard(visit: Visit, account: Account, assignments: Assignment[]): Html {
  const { state } = visit.world
  const roles = [
    account.accountId === state.organisation.managementAccountId ? 'management account' : '',
    delegationOf(visit, account),
    account.state === 'ACTIVE' ? '' : account.state.toLowerCase().replaceAll('_', ' '),
  ].filter((role) => role !== '')
  return html`<section class="card"><h3>${account.name} <span class="quiet">${account.accountId}</span></h3>
<p class="quiet">${[placeOf(visit, account), ...roles].join(' · ')}</p>
${assignments.length === 0 ? html`<p>No assignments.</p>` : assignmentTable(visit, assignments)}
${roleList(visit, account)}</section>`
}

function delegationOf({ world: { state } }: Visit, { accountId }: Account): string {
  const services = state.services.delegated
    .filter((one) => one.accountId === accountId)
    .map((one) => one.service.replace(/\.amazonaws\.com$/, ''))
  return services.length === 0 ? '' : `delegated administrator of ${services.join(', ')}`
}

/** A role has another suffix each time that it is made. */
function roleList({ world: { state } }: Visit, account: Account): Html {
  const roles = state.rolesOfAccount.at(account.accountId).entries()
  const names = roles.map(
    ([arn, suffix]) => `AWSReservedSSO_${state.permissionSets.get(arn)?.name}_${suffix}`,
  )
  if (names.length === 0) return html``
  return html`<p class="quiet">Roles: ${names.map((name) => html`<code>${name}</code> `)}</p>
`
}

function assignmentTable({ world: { state } }: Visit, assignments: Assignment[]): Html {
  const rows = assignments.map((assignment) => {
    const isUser = assignment.principalType === 'USER'
    const name = isUser
      ? state.users.get(assignment.principalId)?.userName
      : state.groups.get(assignment.principalId)?.displayName
    const set = state.permissionSets.get(assignment.permissionSetArn)
    return html`<tr><td>${isUser ? 'User' : 'Group'}</td>
<td>${name ?? `deleted, ${assignment.principalId}`}</td>
<td>${set?.name ?? assignment.permissionSetArn}</td><td>${inUtc(assignment.createdAt)}</td></tr>`
  })
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Kind</th><th scope="col">Name</th><th scope="col">Permission set</th><th scope="col">Since</th></tr></thead>
<tbody>${rows}</tbody></table></div>`
}

function applicationCard(visit: Visit, application: Application): Html {
  const mappings = Object.entries(application.attributes).map(
    ([name, { value, format }]) => html`<div>${name} → ${value} (${format})</div>`,
  )
  const metadataUrl = `${visit.origin}/saml/metadata/${application.slug}`
  return html`<section class="card"><h3>${application.name} <span class="quiet">customer managed, SAML 2.0</span></h3>
<dl>
<dt>Start URL</dt><dd>${application.startUrl || 'none: the tile sends a response at once'}</dd>
<dt>ACS URL</dt><dd>${application.acsUrl}</dd>
<dt>Audience</dt><dd>${application.audience}</dd>
<dt>Attribute mappings</dt><dd>${mappings}</dd>
<dt>Assigned groups</dt><dd>${application.groups.join(', ') || 'none'}</dd>
<dt>Metadata</dt><dd><a href="${metadataUrl}">${metadataUrl}</a></dd>
</dl></section>`
}
