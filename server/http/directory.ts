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
import { listDirectory } from '#server/operations/list-directory.ts'
import { directoryStatus, queueRefresh, type Refresh } from '#server/store/directory-refreshes.ts'
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
    async () => {
      const { appliedAt, counts, latest } = await directoryStatus(ports.db)
      return {
        appliedAt: appliedAt?.toISOString() ?? null,
        counts,
        latest: latest && showRefresh(latest),
      }
    },
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
}

function showRefresh({ refreshId, state, startedAt, finishedAt, failure }: Refresh) {
  return {
    refreshId,
    state,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    failure,
  }
}
