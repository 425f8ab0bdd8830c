import * as z from 'zod'
import { BadInput } from '../control/bad-input.ts'
import { registerApplication } from '../control/organisation.ts'
import { type Html, html, type Page, page, redirect } from './html.ts'
import type { Visit } from './visit.ts'

/**
 * As one fills it in by hand in IAM Identity Center: "Applications › Customer managed › Add
 * application › SAML 2.0", then "Edit attribute mappings", then "Assign users and groups".
 */
const fields = [
  { name: 'name', label: 'Display name', value: '' },
  { name: 'startUrl', label: 'Application start URL', value: '' },
  { name: 'acsUrl', label: 'Application ACS URL', value: '' },
  { name: 'audience', label: 'Application SAML audience', value: '' },
  { name: 'subject', label: 'Subject maps to', value: '${user:subject}' },
  { name: 'subjectFormat', label: 'Format of Subject', value: 'persistent' },
  { name: 'email', label: 'Email maps to (empty: not mapped)', value: '${user:email}' },
  { name: 'emailFormat', label: 'Format of Email', value: 'basic' },
] as const

export const applicationFormPage = (visit: Visit): Page => formPage(visit, [])

function formPage({ form }: Visit, mistakes: readonly string[]): Page {
  const said = (name: string, unsaid: string) => form.get(name) ?? unsaid
  const inputs = fields.map(
    ({ name, label, value }) =>
      html`<p><label for="${name}">${label}</label><br>
<input id="${name}" name="${name}" size="60" value="${said(name, value)}"></p>`,
  )
  return page(
    'Add a SAML 2.0 application',
    html`${complaint(mistakes)}<form class="card" method="post" action="/console/applications">
${inputs}
<p><label for="groups">Assigned groups, one a line</label><br>
<textarea id="groups" name="groups" rows="5" cols="60">${said('groups', '')}</textarea></p>
<button>Submit</button>
</form>`,
    { status: mistakes.length === 0 ? 200 : 400 },
  )
}

function complaint(mistakes: readonly string[]): Html {
  if (mistakes.length === 0) return html``
  return html`<div class="card" role="alert">${mistakes.map((one) => html`<p>${one}</p>`)}</div>`
}

export function addApplication(visit: Visit): Page {
  const { form, world } = visit
  const said = (name: string) => (form.get(name) ?? '').trim()
  const email = { value: said('email'), format: said('emailFormat') }
  try {
    registerApplication(world, {
      name: said('name'),
      startUrl: said('startUrl'),
      acsUrl: said('acsUrl'),
      audience: said('audience'),
      attributes: {
        Subject: { value: said('subject'), format: said('subjectFormat') },
        ...(email.value === '' ? {} : { Email: email }),
      },
      groups: said('groups')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    })
  } catch (error) {
    if (error instanceof z.ZodError) {
      return formPage(
        visit,
        error.issues.map((one) => `${one.path.join('.')}: ${one.message}`),
      )
    }
    if (error instanceof BadInput) return formPage(visit, [`${error.field}: ${error.message}`])
    throw error
  }
  return redirect('/console')
}
