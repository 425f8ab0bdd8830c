import { Counts, Me, Preferences, PreferencesPatch } from '#contract/me.ts'
import { changePreferences } from '#server/operations/change-preferences.ts'
import { countForMe } from '#server/operations/list-requests.ts'
import { readMe } from '#server/operations/read-me.ts'
import { refreshMe } from '#server/operations/refresh-me.ts'
import { Refused } from '#server/operations/refused.ts'
import { latestFeedSeq } from '#server/store/feed.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'

export function registerMe(app: App, ports: ResourcePorts): void {
  const changeBefore = new WeakMap<object, number>()
  app.get(
    '/api/v1/me',
    {
      // Before the actor is loaded, and what this waits for: AWS may be asked about the person first.
      onRequest: async (request) => {
        changeBefore.set(request, await latestFeedSeq(ports.db))
      },
      config: { permission: 'me.read', confirmsPerson: true },
      schema: { tags: ['me'], response: { 200: Me } },
    },
    (request) =>
      readMe(ports, request.actor, {
        csrfToken: request.session?.csrfToken ?? '',
        latestChange: changeBefore.get(request) ?? 0,
      }),
  )
  app.patch(
    '/api/v1/me/preferences',
    {
      config: { permission: 'me.write' },
      schema: { tags: ['me'], body: PreferencesPatch, response: { 200: Preferences } },
    },
    (request) => changePreferences(ports, request.actor, request.body),
  )
  app.post(
    '/api/v1/me/refresh',
    {
      config: { permission: 'me.refresh' },
      schema: {
        tags: ['me'],
        description: 'Asks AWS about your status and groups now',
        response: { 200: Me },
      },
    },
    async (request) => {
      const { csrfToken } = sessionOf(request)
      const latestChange = await latestFeedSeq(ports.db)
      const actor = await refreshMe(ports, request.actor)
      return readMe(ports, actor, { csrfToken, latestChange })
    },
  )
  app.get(
    '/api/v1/me/counts',
    {
      config: { permission: 'me.read' },
      schema: { tags: ['me'], response: { 200: Counts } },
    },
    (request) => countForMe(ports, request.actor),
  )
}

function sessionOf<Session>({ session }: { session: Session | null }): Session {
  if (session === null) throw new Refused('unauthenticated')
  return session
}
