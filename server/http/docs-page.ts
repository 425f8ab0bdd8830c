/** `/api/docs`: the reference of the API as one plain page, made from its own description. */
import { Problem } from '#contract/common.ts'
import type { App } from './app.ts'
import type { OpenApi, Operation, Paths } from './describe-operations.ts'
import { plainPagePolicy } from './security-headers.ts'
import { escapeXml } from './sign-in/xml.ts'

const style = [
  'body{font-family:system-ui,sans-serif;line-height:1.5;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#16191f;background:#fff}',
  'code,pre{font-family:ui-monospace,monospace;font-size:.9em}',
  'pre{background:#f4f5f7;padding:.75rem;overflow-x:auto;border-radius:.4rem}',
  'h2{margin-top:2.5rem;text-transform:capitalize}',
  'details{border-top:1px solid #d5dbdb;padding:.5rem 0}',
  'summary{cursor:pointer;overflow-wrap:anywhere}',
  'summary b{display:inline-block;min-width:4.5rem}',
  'summary span{display:block;color:#545b64}',
  'table{border-collapse:collapse;width:100%}',
  'td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}',
  '@media(prefers-color-scheme:dark){body{color:#e9ebed;background:#0f1b2a}pre{background:#192534}details{border-color:#414d5c}summary span{color:#b6bec9}a{color:#89bdee}}',
].join('')

export function registerDocsPage(app: App): void {
  app.get(
    '/api/docs',
    { config: { permission: 'public' }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        .header('content-security-policy', plainPagePolicy(style))
        .type('text/html; charset=utf-8')
        .send(docsPage((app.swagger() as OpenApi).paths ?? {})),
  )
}

interface Told {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export function docsPage(paths: Paths): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Told => ({ method, path, operation })),
  )
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'other')
  const fields = Object.keys(Problem.shape).map((field) => `<code>${escapeXml(field)}</code>`)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>API - TEAM</title><style>${style}</style></head>`,
    '<body><main><h1>API of TEAM</h1>',
    '<p>The whole description, with every schema: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).</p>',
    '<p>A program sends <code>Authorization: Bearer team_…</code>, a token made on the page <em>API tokens</em>; each operation says which scope it needs.',
    ' A browser sends its session cookie and, on every write, the header <code>x-team-csrf</code> with the <code>csrfToken</code> of <code>GET /api/v1/me</code>.</p>',
    '<p>Times are ISO 8601 in UTC, durations whole minutes. Lists answer <code>items</code> and <code>nextCursor</code>, which goes into the next call as <code>cursor</code>.',
    ' A <code>POST</code> with an <code>Idempotency-Key</code> may be repeated for a day and is done once. <code>PUT</code> and <code>DELETE</code> need <code>If-Match</code> with the <code>ETag</code> that was read.</p>',
    `<p>Refusals are <code>application/problem+json</code>: ${fields.join(', ')}. <code>code</code> stays the same in every release; act on it, not on the words.</p>`,
    ...[...byTag].map(([tag, told]) => section(tag, told)),
    '</main></body></html>',
    '',
  ].join('\n')
}

function section(tag: string, operations: readonly Told[]): string {
  return `<section><h2>${escapeXml(tag)}</h2>\n${operations.map(operationOf).join('\n')}</section>`
}

function operationOf({ method, path, operation }: Told): string {
  const { summary = '', description = '', parameters = [], requestBody, responses = {} } = operation
  const rows = parameters.map(
    ({ name, in: where, required, schema, description: why }) =>
      `<tr><td><code>${escapeXml(name)}</code></td><td>${escapeXml(where)}${required ? ', required' : ''}</td><td>${escapeXml(why ?? allowedBy(schema))}</td></tr>`,
  )
  const body = exampleIn(requestBody?.content)
  const answers = Object.entries(responses).filter(([status]) => status !== 'default')
  return [
    `<details><summary><b><code>${escapeXml(method.toUpperCase())}</code></b><code>${escapeXml(path)}</code><span>${escapeXml(summary)}</span></summary>`,
    `<p>${escapeXml(description).replace(/`([^`]*)`/g, '<code>$1</code>')}</p>`,
    rows.length === 0 ? '' : `<table><tbody>${rows.join('')}</tbody></table>`,
    body === null ? '' : `<p>Send, for example:</p>${body}`,
    ...answers
      .filter(([status]) => status < '400')
      .map(([status, answer]) => {
        const example = exampleIn(answer.content)
        return `<p><b>${escapeXml(status)}</b> ${escapeXml(answer.description ?? '')}</p>${example ?? ''}`
      }),
    '<table><tbody>',
    ...answers
      .filter(([status]) => status >= '400')
      .map(
        ([status, { description: why = '' }]) =>
          `<tr><td><b>${escapeXml(status)}</b></td><td>${escapeXml(why).replace(/`([^`]*)`/g, '<code>$1</code>')}</td></tr>`,
      ),
    '</tbody></table></details>',
  ].join('\n')
}

type ParameterSchema = NonNullable<NonNullable<Operation['parameters']>[number]['schema']>

function allowedBy(schema: ParameterSchema | undefined): string {
  if (schema?.enum !== undefined) return schema.enum.map(String).join(', ')
  return [schema?.type ?? []].flat().join(', ')
}

function exampleIn(content: NonNullable<Operation['requestBody']>['content']): string | null {
  const example = Object.values(content ?? {}).find((one) => one.example !== undefined)?.example
  if (example === undefined) return null
  return `<pre>${escapeXml(JSON.stringify(example, null, 2))}</pre>`
}
