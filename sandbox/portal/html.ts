/** Markup that is already safe; everything else is text and gets escaped. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

type Piece = string | number | Html | readonly Html[] | null

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escapeMarkup = (text: string) =>
  text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? sign)

function markupOf(piece: Piece): string {
  if (piece === null) return ''
  if (piece instanceof Html) return piece.markup
  if (typeof piece === 'object') return piece.map((one) => one.markup).join('')
  return escapeMarkup(String(piece))
}

export function html(literals: TemplateStringsArray, ...pieces: Piece[]): Html {
  const parts = literals.map((literal, at) => literal + markupOf(pieces[at] ?? null))
  return new Html(parts.join(''))
}

export interface Page {
  status: number
  headers: Record<string, string>
  body: string
}

interface PageOptions {
  status?: number
  headers?: Record<string, string>
  /** Where forms of the page may go besides the sandbox itself. */
  formsTo?: string
  head?: Html
  /** The page shows mails: they bring styles and embedded pictures of their own. */
  showsMail?: boolean
}

function policyOf({ formsTo, showsMail }: PageOptions): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    showsMail === true ? "style-src 'self' 'unsafe-inline'" : "style-src 'self'",
    "img-src 'self' data:",
    "frame-src 'self'",
    `form-action 'self'${formsTo === undefined ? '' : ` ${formsTo}`}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export function page(title: string, content: Html, options: PageOptions = {}): Page {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · AWS sandbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/sandbox.css">
${options.head ?? null}
</head>
<body>
<header>
<div class="notice">This is a sandbox on this machine, not AWS: nothing here touches a real account.</div>
<nav aria-label="Sandbox">
<a href="/">Sandbox</a> <a href="/start">Access portal</a> <a href="/console">Console</a> <a href="/inbox">Inbox</a>
</nav></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`
  return {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(options),
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      ...options.headers,
    },
    body: document.markup,
  }
}

export function refusalPage(status: number, title: string, reason: string): Page {
  return page(title, html`<p class="card">${reason}</p>`, { status })
}

export function redirect(location: string, headers: Record<string, string> = {}): Page {
  return {
    status: 303,
    headers: { location, 'cache-control': 'no-store', ...headers },
    body: '',
  }
}

export const inUtc = (at: number) =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
