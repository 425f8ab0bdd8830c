import { principals } from '../model/principals.ts'
import { trailPlaces } from '../trail/trail.ts'
import type { ControlRoutes } from './control.ts'

const iso = (at: number) => new Date(at).toISOString()

export const readingRoutes: ControlRoutes = {
  'GET /_sandbox/organization'(world) {
    const { state } = world
    const { organisation } = state
    return {
      status: 200,
      body: {
        instanceArn: organisation.instanceArn,
        identityStoreId: organisation.identityStoreId,
        organizationId: organisation.organizationId,
        rootId: organisation.rootId,
        managementAccountId: organisation.managementAccountId,
        delegatedAdministratorId: organisation.delegatedAdministratorId,
        primaryRegion: organisation.primaryRegion,
        users: [...state.users.values()].map((user) => ({
          userId: user.userId,
          userName: user.userName,
          displayName: user.displayName,
          email: user.email,
          status: user.status,
        })),
        groups: [...state.groups.values()].map(({ groupId, displayName }) => ({
          groupId,
          displayName,
        })),
        accounts: [...state.accounts.values()].map((account) => ({
          accountId: account.accountId,
          name: account.name,
          ouId: account.parentId,
          state: account.state,
        })),
        organizationalUnits: [...state.organizationalUnits.values()],
        permissionSets: [...state.permissionSets.values()].map((permissionSet) => ({
          arn: permissionSet.permissionSetArn,
          name: permissionSet.name,
        })),
        trail: trailPlaces(organisation),
        credentials: principals.map(({ kind, accessKeyId, secretAccessKey }) => ({
          kind,
          accessKeyId,
          secretAccessKey,
        })),
      },
    }
  },

  'GET /_sandbox/assignments'(world) {
    const { state } = world
    const direct = [...state.assignments.values()].filter((row) => row.principalType === 'USER')
    const body = direct.map((row) => ({
      userId: row.principalId,
      userName: state.users.get(row.principalId)?.userName ?? null,
      accountId: row.accountId,
      permissionSetArn: row.permissionSetArn,
      createdAt: iso(row.createdAt),
    }))
    return { status: 200, body }
  },

  'GET /_sandbox/calls': (world) => ({
    status: 200,
    body: world.state.calls.map((call) => ({ ...call, at: iso(call.at) })),
  }),
  'DELETE /_sandbox/calls'(world) {
    world.commit({ type: 'calls-cleared' })
    return { status: 204, body: undefined }
  },

  'GET /_sandbox/sns': (world) => ({
    status: 200,
    body: world.state.topicMessages.map((one) => ({ ...one, at: iso(one.at) })),
  }),
  'DELETE /_sandbox/sns'(world) {
    world.commit({ type: 'topic-messages-cleared' })
    return { status: 204, body: undefined }
  },

  'GET /_sandbox/mail': (world) => ({
    status: 200,
    body: world.state.mails.map((mail) => ({ ...mail, at: iso(mail.at) })),
  }),
  'DELETE /_sandbox/mail'(world) {
    world.commit({ type: 'mails-cleared' })
    return { status: 204, body: undefined }
  },
}
