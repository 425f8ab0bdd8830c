import { z } from 'zod'
import {
  SavedRequest,
  SavedRequestBody,
  SavedRequestPage,
  SavedRequestsQuery,
} from '#contract/saved-request.ts'
import { removeSavedRequest } from '#server/operations/delete-saved-request.ts'
import { readSavedRequests } from '#server/operations/read-saved-requests.ts'
import { saveRequest } from '#server/operations/save-request.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'
import { sayVersion, versionInIfMatch } from './versions.ts'

const tags = ['requests']

export function registerSavedRequests(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/saved-requests',
    {
      config: { permission: 'saved-request.list' },
      schema: {
        tags,
        description: 'Your own, then templates with a target that you may ask for, by name',
        querystring: SavedRequestsQuery,
        response: { 200: SavedRequestPage },
      },
    },
    (request) => readSavedRequests(ports, request.actor, request.query),
  )
  app.post(
    '/api/v1/saved-requests',
    {
      config: { permission: 'saved-request.create' },
      schema: {
        tags,
        description: 'Keeps what you often ask for; an administrator, a template for others',
        body: SavedRequestBody,
        response: { 201: SavedRequest },
      },
    },
    async (request, reply) => {
      const saved = await saveRequest(ports, { actor: request.actor, asked: request.body })
      sayVersion(reply, saved.version)
      return reply.code(201).send(saved)
    },
  )
  app.delete(
    '/api/v1/saved-requests/:id',
    {
      config: { permission: 'saved-request.delete' },
      schema: {
        tags,
        description: 'Yours, or as administrator a template',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const version = versionInIfMatch(request)
      await removeSavedRequest(ports, { actor: request.actor, id: request.params.id, version })
      return reply.code(204).send()
    },
  )
}
