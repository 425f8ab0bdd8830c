import { z } from 'zod'
import { Uuid } from '#contract/common.ts'
import {
  DirectoryAccountPage,
  DirectoryGroupPage,
  DirectoryOuPage,
  DirectoryPermissionSetPage,
  DirectoryQuery,
  DirectoryStatus,
  DirectoryUserPage,
  RefreshAccepted,
} from '#contract/directory.ts'
import { Comment } from '#contract/request.ts'
import { acceptRefresh, discardRefresh } from '#server/operations/decide-refresh.ts'
import { listDirectory } from '#server/operations/list-directory.ts'
import { readDirectoryStatus } from '#server/operations/read-directory-status.ts'
import { queueRefresh } from '#server/store/directory-refreshes.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'

const lists = [
  ['users', listDirectory.users, DirectoryUserPage],
  ['groups', listDirectory.groups, DirectoryGroupPage],
  ['accounts', listDirectory.accounts, DirectoryAccountPage],
  ['organizational-units', listDirectory.organizationalUnits, DirectoryOuPage],
  ['permission-sets', listDirectory.permissionSets, DirectoryPermissionSetPage],
] as const

export function registerDirectory(app: App, ports: ResourcePorts): void {
  const tags = ['directory']
  for (const [name, list, page] of lists) {
    app.get(
      `/api/v1/directory/${name}`,
      {
        config: { permission: 'directory.read' },
        schema: { tags, querystring: DirectoryQuery, response: { 200: page } },
      },
      (request) => list(ports.db, request.query),
    )
  }
  app.get(
    '/api/v1/directory/status',
    {
      config: { permission: 'directory.read-status' },
      schema: { tags, response: { 200: DirectoryStatus } },
    },
    () => readDirectoryStatus(ports),
  )
  app.post(
    '/api/v1/directory/refresh',
    {
      config: { permission: 'directory.refresh' },
      schema: {
        tags,
        description: 'Asks for a refresh; the status says when it is done',
        response: { 202: RefreshAccepted },
      },
    },
    async (request, reply) => {
      const askedBy = request.actor.person.userId
      const refreshId = await queueRefresh(ports.db, { askedBy, at: await ports.clock.now() })
      return reply.code(202).send({ refreshId })
    },
  )
  registerWords(app, ports)
}

const RefreshParams = z.object({ refreshId: Uuid })

function registerWords(app: App, ports: ResourcePorts): void {
  const config = { permission: 'directory.decide-held' } as const
  const schema = { tags: ['directory'], params: RefreshParams, body: Comment.nullish() }
  app.post(
    '/api/v1/directory/refresh/:refreshId/accept',
    {
      config,
      schema: {
        ...schema,
        description:
          'What this held refresh would remove is really gone: AWS is read again, and that much, and no more, is removed',
        response: { 202: RefreshAccepted },
      },
    },
    async (request, reply) => {
      const { actor, body, params } = request
      const word = { actor, refreshId: params.refreshId, comment: body?.comment ?? null }
      return reply.code(202).send({ refreshId: await acceptRefresh(ports, word) })
    },
  )
  app.post(
    '/api/v1/directory/refresh/:refreshId/discard',
    {
      config,
      schema: {
        ...schema,
        description: 'It was a bad reading: forgets it, or takes an unused acceptance back',
        response: { 200: DirectoryStatus },
      },
    },
    async (request) => {
      const { actor, body, params } = request
      const word = { actor, refreshId: params.refreshId, comment: body?.comment ?? null }
      await discardRefresh(ports, word)
      return readDirectoryStatus(ports)
    },
  )
}
