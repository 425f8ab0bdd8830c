import type { Mail } from '../model/types.ts'
import { type Html, html, inUtc, type Page, page } from './html.ts'
import type { Visit } from './visit.ts'

const mailsShown = 200

export function inboxPage(visit: Visit): Page {
  const all = visit.world.state.mails
  const mails = all.slice(-mailsShown).reverse()
  const content = html`<p class="quiet">${mails.length} of ${all.length} mails shown, newest first.</p>
${mails.length === 0 ? html`<p class="card">No mail yet.</p>` : mails.map(mailCard)}`
  return page('Inbox', content, { showsMail: true })
}

/** The HTML part gets no scripts, no forms and no origin; its links open in another tab. */
function mailCard(mail: Mail): Html {
  const document = `<base target="_blank">${mail.html}`
  const rendered =
    mail.html === ''
      ? null
      : html`<details><summary>As HTML</summary>
<iframe title="${`HTML part of: ${mail.subject}`}" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${document}"></iframe></details>`
  return html`<article class="card"><h2>${mail.subject}</h2>
<dl><dt>To</dt><dd>${mail.to.join(', ')}</dd><dt>From</dt><dd>${mail.from}</dd><dt>At</dt><dd>${inUtc(mail.at)}</dd></dl>
<pre>${mail.text}</pre>
${rendered}</article>`
}
