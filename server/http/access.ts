import {
  AccessExplainQuery,
  AccessExplanation,
  AccessExportQuery,
  AccessLook,
  AccessLookOrder,
  AccessLookParams,
  AccessPage,
  AccessQuery,
  type AccessRow,
} from '#contract/access.ts'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import { askForLook, readLook } from '#server/operations/ask-for-look.ts'
import { explainAccess } from '#server/operations/explain-access.ts'
import { exploreAccess, exportAccess } from '#server/operations/explore-access.ts'
import { createDirectoryPeople } from '#server/store/directory-people.ts'
import type { App } from './app.ts'
import { type Columns, csvText, fileAnswer, jsonLinesText, sendFile } from './csv.ts'
import type { ResourcePorts } from './resources.ts'

const tags = ['access']

export function registerAccess(app: App, resources: ResourcePorts): void {
  const ports = { ...resources, people: createDirectoryPeople() }
  app.get(
    '/api/v1/access',
    {
      config: { permission: 'access.read' },
      schema: {
        tags,
        description:
          'Who has, and who could ask for, what: of an account or of a person. Standing access is shown as it was last read from AWS',
        querystring: AccessQuery,
        response: { 200: AccessPage },
      },
    },
    (request) => exploreAccess(ports, request.query),
  )
  app.get(
    '/api/v1/access/export',
    {
      exposeHeadRoute: false,
      config: { permission: 'access.read', onlyFromTeam: true },
      schema: {
        tags,
        description: 'The same, all of it, as a file',
        querystring: AccessExportQuery,
        response: { 200: fileAnswer('A line a row') },
      },
    },
    (request, reply) => {
      const { format } = request.query
      const rows = exportAccess(ports, request.query)
      const text = format === 'csv' ? csvText(columns, rows) : jsonLinesText(rows)
      return sendFile(reply, { format, name: 'access', text, mayGoOn: () => request.actorNow() })
    },
  )
  app.get(
    '/api/v1/access/explain',
    {
      config: { permission: 'access.read' },
      schema: {
        tags,
        description: 'Why somebody may or may not ask for a target, policy by policy',
        querystring: AccessExplainQuery,
        response: { 200: AccessExplanation },
      },
    },
    (request) => {
      // The ids are of the form that the contract asks for.
      const { userId, accountId, permissionSetArn } = request.query
      const target = {
        accountId: accountId as AccountId,
        permissionSetArn: permissionSetArn as PermissionSetArn,
      }
      return explainAccess(ports, { userId: userId as UserId, target })
    },
  )
  registerLooks(app, resources)
}

function registerLooks(app: App, ports: ResourcePorts): void {
  app.post(
    '/api/v1/access/look',
    {
      config: { permission: 'access.look' },
      schema: {
        tags,
        description:
          'Reads standing access from AWS, soon and slowly. Whoever asks about the same within a minute shares the look',
        body: AccessLookOrder,
        response: { 202: AccessLook },
      },
    },
    async (request, reply) => {
      const { accountId, userId } = request.body
      const subject =
        accountId === undefined
          ? { type: 'user' as const, id: userId as UserId }
          : { type: 'account' as const, id: accountId as AccountId }
      return reply.code(202).send(await askForLook(ports, request.actor, subject))
    },
  )
  app.get(
    '/api/v1/access/looks/:id',
    {
      config: { permission: 'access.read' },
      schema: {
        tags,
        description: 'How far a look has come',
        params: AccessLookParams,
        response: { 200: AccessLook },
      },
    },
    (request) => readLook(ports, request.params.id),
  )
}

const names = (all: readonly { readonly displayName: string }[]) =>
  all.map(({ displayName }) => displayName).join('; ')

/** One table for every kind of row; what a kind does not have is empty. */
const columns: Columns<AccessRow> = {
  kind: (row) => row.kind,
  source: (row) => (row.kind === 'now' ? row.source : null),
  userId: (row) => row.person?.userId ?? null,
  userName: (row) => row.person?.userName ?? null,
  displayName: (row) => row.person?.displayName ?? null,
  enabled: (row) => row.person?.enabled ?? null,
  accountId: (row) => row.accountId,
  accountName: (row) => row.accountName,
  permissionSetArn: (row) => (row.kind === 'approver' ? null : row.permissionSetArn),
  permissionSetName: (row) =>
    row.kind === 'approver' ? row.permissionSetNames.join('; ') : row.permissionSetName,
  level: (row) => (row.kind === 'approver' ? null : row.level),
  groups: (row) => {
    if (row.kind === 'now') return row.group?.displayName ?? null
    return names(row.kind === 'approver' ? row.groups : row.approverGroups)
  },
  requestId: (row) => (row.kind === 'now' ? (row.request?.id ?? null) : null),
  status: (row) => (row.kind === 'now' ? (row.request?.status ?? null) : null),
  endsAt: (row) => (row.kind === 'now' ? (row.request?.endsAt ?? null) : null),
  approvedBy: (row) =>
    row.kind === 'now' && row.request
      ? row.request.approvedBy.map(({ userName }) => userName).join('; ')
      : null,
  readFrom: (row) => (row.kind === 'now' ? row.readFrom : null),
  readAt: (row) => (row.kind === 'now' ? row.readAt : null),
  maxDurationMinutes: (row) => (row.kind === 'could-ask' ? row.maxDurationMinutes : null),
  approvalRequired: (row) => (row.kind === 'could-ask' ? row.approvalRequired : null),
  approvalsRequired: (row) => (row.kind === 'now' ? null : row.approvalsRequired),
  approverCount: (row) => (row.kind === 'could-ask' ? row.approverCount : null),
  ticketRequired: (row) => (row.kind === 'could-ask' ? row.ticketRequired : null),
  justificationRequired: (row) => (row.kind === 'could-ask' ? row.justificationRequired : null),
  breakGlass: (row) => {
    if (row.kind === 'now') return row.request?.breakGlass ?? null
    return row.kind === 'could-ask' ? row.breakGlass : null
  },
  policyIds: (row) => (row.kind === 'now' ? null : row.policyIds.join('; ')),
}
