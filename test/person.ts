/** Somebody at a browser without a screen: signs in through the access portal, calls the API. */
import type { Me } from '#contract/me.ts'
import type { Request } from '#contract/request.ts'

export interface Answer<Body = unknown> {
  readonly status: number
  /** Parsed when it is looked at. */
  readonly body: Body
  /** Of the body, as they came. */
  readonly bytes: number
  readonly headers: Headers
}

/** What a refusal looks like, for tests that only want its code. */
export interface ProblemBody {
  readonly code: string
  readonly detail: string
  readonly params?: Readonly<Record<string, unknown>>
}

export class Person {
  readonly #teamUrl: string
  readonly #sandboxUrl: string
  readonly #cookies: Map<string, string>
  /** Where they sit, as a trusted proxy would say. */
  readonly #address: string | undefined
  #csrfToken = ''

  constructor(
    urls: { teamUrl: string; sandboxUrl: string; address?: string },
    cookies: Map<string, string> = new Map(),
  ) {
    this.#teamUrl = urls.teamUrl
    this.#sandboxUrl = urls.sandboxUrl
    this.#address = urls.address
    this.#cookies = cookies
  }

  /** The same browser at another copy of TEAM. */
  at(teamUrl: string): Person {
    const elsewhere = new Person({ teamUrl, sandboxUrl: this.#sandboxUrl }, this.#cookies)
    elsewhere.#csrfToken = this.#csrfToken
    return elsewhere
  }

  /** As by a click on TEAM's tile in the access portal. */
  async signIn(userName: string): Promise<Me> {
    const start = `${this.#sandboxUrl}/start/launch?user=${encodeURIComponent(userName)}&app=team`
    const form = await this.#follow(start)
    const response = await this.postForm(form)
    if (response.status !== 303) {
      throw new Error(`${userName} was not let in: ${response.status} ${await response.text()}`)
    }
    return this.me()
  }

  /** The identity provider's form, not yet posted: its address and fields. */
  async launch(userName: string, query = ''): Promise<{ action: string; fields: URLSearchParams }> {
    const start = `${this.#sandboxUrl}/start/launch?user=${encodeURIComponent(userName)}&app=team${query}`
    return this.#follow(start)
  }

  postForm(form: { action: string; fields: URLSearchParams }): Promise<Response> {
    return this.#fetch(form.action, { method: 'POST', body: form.fields })
  }

  async me(): Promise<Me> {
    const { status, body } = await this.get<Me>('/me')
    if (status !== 200) throw new Error(`GET /me answered ${status}`)
    this.#csrfToken = body.csrfToken
    return body
  }

  get<Body = unknown>(path: string): Promise<Answer<Body>> {
    return this.call('GET', path)
  }

  post<Body = unknown>(path: string, body: object = {}): Promise<Answer<Body>> {
    return this.call('POST', path, body)
  }

  /** One request by id; whoever asks must be allowed to see it. */
  async request(id: string): Promise<Request> {
    const { status, body } = await this.get<Request>(`/requests/${id}`)
    if (status !== 200) throw new Error(`GET /requests/${id} answered ${status}`)
    return body
  }

  async call<Body = unknown>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const addressed = this.addressed(method, path, body)
    const response = await this.#fetch(addressed.url, {
      method,
      headers: { ...addressed.headers, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    // JSON lines are no JSON.
    const isJson = /json(;|$)/.test(response.headers.get('content-type') ?? '')
    let parsed: { readonly body: Body } | null = null
    return {
      status: response.status,
      headers: response.headers,
      bytes: Buffer.byteLength(text),
      get body() {
        parsed ??= { body: isJson && text !== '' ? JSON.parse(text) : text }
        return parsed.body
      },
    }
  }

  /** Where a call goes and what it carries, for those who send it by means of their own. */
  addressed(method: string, path: string, body?: object) {
    return {
      url: `${this.#teamUrl}/api/v1${path}`,
      headers: {
        cookie: this.#cookieHeader(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && { 'x-team-csrf': this.#csrfToken }),
      },
    }
  }

  /** A GET whose answer goes on: it is ended by the signal. */
  open(path: string, signal: AbortSignal): Promise<Response> {
    return this.#fetch(`${this.#teamUrl}/api/v1${path}`, { signal })
  }

  cookie(name: RegExp): string | undefined {
    return [...this.#cookies].find(([key]) => name.test(key))?.[1]
  }

  allCookies(): { name: string; value: string }[] {
    return [...this.#cookies].map(([name, value]) => ({ name, value }))
  }

  async #follow(address: string): Promise<{ action: string; fields: URLSearchParams }> {
    let url = address
    for (let hops = 0; hops < 8; hops += 1) {
      const response = await this.#fetch(url, {})
      const next = response.headers.get('location')
      if (next === null) return formOf(await response.text(), url)
      url = new URL(next, url).href
    }
    throw new Error(`${address} redirects without end`)
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('cookie', this.#cookieHeader())
    if (this.#address !== undefined && !headers.has('x-forwarded-for')) {
      headers.set('x-forwarded-for', this.#address)
    }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) this.#remember(line)
    return response
  }

  #cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  #remember(line: string): void {
    const [pair = '', ...attributes] = line.split(';')
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    const gone = attributes.some((one) => /^\s*max-age=0$/i.test(one) || /1970/.test(one))
    if (gone) this.#cookies.delete(name)
    else this.#cookies.set(name, pair.slice(at + 1))
  }
}

function formOf(html: string, url: string): { action: string; fields: URLSearchParams } {
  const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1]
  if (action === undefined) throw new Error(`${url} shows no form:\n${html.slice(0, 2000)}`)
  const fields = new URLSearchParams()
  for (const [, name = '', value = ''] of html.matchAll(
    /<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g,
  )) {
    fields.set(unescapeHtml(name), unescapeHtml(value))
  }
  return { action: new URL(unescapeHtml(action), url).href, fields }
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#x2F;', '/')
    .replaceAll('&amp;', '&')
}
