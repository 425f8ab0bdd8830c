/** The API's description, from the same schemas that validate; nothing behind the routes is real. */
import { readFile } from 'node:fs/promises'
import { buildApp } from '#server/http/app.ts'
import { registerDescribed } from '#server/http/register-all.ts'
import { createLogger } from '#server/log.ts'
import { root } from './run.ts'

/** Any port of any name: routes are registered, never called. */
// biome-ignore lint/suspicious/noExplicitAny: it stands for every port at once.
const nothing: any = new Proxy(() => nothing, { get: () => nothing, apply: () => undefined })

export async function openApiDocument(): Promise<object> {
  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const app = await buildApp({
    publicUrl: 'http://127.0.0.1:8080',
    version,
    log: createLogger('silent'),
    sessions: nothing,
    tokens: nothing,
    people: nothing,
    trustedProxies: [],
    webRoot: null,
    ready: async () => ({ ok: true }),
    register: (app) => registerDescribed(app, nothing),
  })
  const described = app.swagger()
  await app.close()
  return described
}
