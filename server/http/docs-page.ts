/** `/api/docs`: the operations of the API as one plain page, made from its own description. */
import { Problem } from '#contract/common.ts'
import type { App } from './app.ts'
import { plainPagePolicy } from './security-headers.ts'
import { escapeXml } from './sign-in/xml.ts'

const style =
  'body{font-family:system-ui,sans-serif;line-height:1.5;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0;vertical-align:top}'

interface Operation {
  readonly summary?: string
  readonly description?: string
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

export function registerDocsPage(app: App): void {
  app.get(
    '/api/docs',
    { config: { permission: 'public' }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        .header('content-security-policy', plainPagePolicy(style))
        .type('text/html; charset=utf-8')
        .send(docsPage((app.swagger() as { paths?: Paths }).paths ?? {})),
  )
}

export function docsPage(paths: Paths): string {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, { summary, description }]) =>
        `<tr><td><code>${escapeXml(method.toUpperCase())}</code></td><td><code>${escapeXml(path)}</code></td><td>${escapeXml(summary ?? description ?? '')}</td></tr>`,
    ),
  )
  const fields = Object.keys(Problem.shape).map((field) => `<code>${escapeXml(field)}</code>`)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>API - TEAM</title><style>${style}</style></head>`,
    '<body><main><h1>API of TEAM</h1>',
    '<p>The whole description, with every schema: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).</p>',
    '<p>A browser sends its session cookie and, on every write, the header <code>x-team-csrf</code>.',
    ` Refusals are <code>application/problem+json</code>: ${fields.join(', ')}.</p>`,
    `<table>${rows.join('\n')}</table>`,
    '</main></body></html>',
    '',
  ].join('\n')
}
