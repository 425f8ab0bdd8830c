/**
 * The web bundle. Only files that were there at the start are served, by name, so no path can
 * climb out; every other GET outside the API is the single page, which knows its own routes.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import { Refused } from '#server/operations/refused.ts'
import type { App } from './app.ts'

const yearSeconds = 31_536_000

export async function registerWebBundle(app: App, webRoot: string): Promise<void> {
  const files = filesOf(webRoot)
  await app.register(fastifyStatic, {
    root: webRoot,
    serve: false,
    preCompressed: true,
    // Files are small; a range that cannot be served would be one more thing to answer.
    acceptRanges: false,
  })
  app.get(
    '/*',
    { config: { permission: 'public' }, schema: { hide: true } },
    async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '/'
      const name = path.slice(1)
      if (belongsToServer(path)) return reply.callNotFound()
      if (name.startsWith('assets/')) {
        if (!files.has(name)) throw new Refused('not_found')
        reply.header('cache-control', `public, max-age=${yearSeconds}, immutable`)
        return reply.sendFile(name, { cacheControl: false })
      }
      if (name !== '' && name !== 'index.html' && files.has(name)) {
        reply.header('cache-control', 'public, max-age=3600')
        return reply.sendFile(name, { cacheControl: false })
      }
      if (!files.has('index.html')) {
        throw new Refused('unavailable', {
          detail: 'The web pages are not built. Run `npm run build`, then start TEAM again.',
        })
      }
      reply.header('cache-control', 'no-store')
      return reply.sendFile('index.html', { cacheControl: false })
    },
  )
}

const serverPaths = ['/api', '/auth', '/healthz', '/readyz', '/metrics']

export function belongsToServer(path: string): boolean {
  return serverPaths.some((owned) => path === owned || path.startsWith(`${owned}/`))
}

function filesOf(webRoot: string): ReadonlySet<string> {
  if (!existsSync(webRoot)) return new Set()
  const entries = readdirSync(webRoot, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return new Set(
    files.map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(webRoot.length)
        .replace(/^[/\\]/, '')
        .replaceAll(sep, '/'),
    ),
  )
}
