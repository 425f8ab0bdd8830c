import { z } from 'zod'
import { Instant, PageQuery, pageOf, queryText } from './common.ts'

export const DirectoryQuery = PageQuery.extend({ q: queryText(200).optional() })

const reach = {
  offered: z.boolean(),
  notOfferedWhy: z
    .enum(['management_account', 'account_not_active', 'in_management_account'])
    .nullable(),
}

export const DirectoryUser = z
  .object({
    userId: z.string(),
    userName: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    enabled: z.boolean(),
  })
  .meta({ id: 'DirectoryUser' })
export const DirectoryGroup = z
  .object({ groupId: z.string(), displayName: z.string(), memberCount: z.int() })
  .meta({ id: 'DirectoryGroup' })
export const DirectoryAccount = z
  .object({
    accountId: z.string(),
    name: z.string(),
    state: z.string(),
    ouPath: z.array(z.string()),
    ...reach,
  })
  .meta({ id: 'DirectoryAccount' })
export const DirectoryOu = z
  .object({
    id: z.string(),
    name: z.string(),
    parentId: z.string().nullable(),
    path: z.array(z.string()),
    accountCount: z.int().meta({ description: 'Active accounts below it, at any depth' }),
  })
  .meta({ id: 'DirectoryOu' })
export const DirectoryPermissionSet = z
  .object({
    permissionSetArn: z.string(),
    name: z.string(),
    description: z.string(),
    level: z.enum(['read', 'write', 'admin', 'unknown']),
    sessionMinutes: z.int().nullable(),
    ...reach,
  })
  .meta({ id: 'DirectoryPermissionSet' })

export const DirectoryUserPage = pageOf(DirectoryUser).meta({ id: 'DirectoryUserPage' })
export const DirectoryGroupPage = pageOf(DirectoryGroup).meta({ id: 'DirectoryGroupPage' })
export const DirectoryAccountPage = pageOf(DirectoryAccount).meta({ id: 'DirectoryAccountPage' })
export const DirectoryOuPage = pageOf(DirectoryOu).meta({ id: 'DirectoryOuPage' })
export const DirectoryPermissionSetPage = pageOf(DirectoryPermissionSet).meta({
  id: 'DirectoryPermissionSetPage',
})

export type DirectoryUser = z.infer<typeof DirectoryUser>
export type DirectoryGroup = z.infer<typeof DirectoryGroup>
export type DirectoryAccount = z.infer<typeof DirectoryAccount>
export type DirectoryOu = z.infer<typeof DirectoryOu>
export type DirectoryPermissionSet = z.infer<typeof DirectoryPermissionSet>

const Refresh = z.object({
  refreshId: z.string(),
  state: z.enum(['queued', 'running', 'applied', 'failed', 'held', 'accepted', 'discarded']),
  startedAt: Instant,
  finishedAt: Instant.nullable(),
  failure: z.string().nullable(),
})

export const DirectoryStatus = z
  .object({
    appliedAt: Instant.nullable(),
    counts: z.object({
      users: z.int(),
      groups: z.int(),
      memberships: z.int(),
      organizationalUnits: z.int(),
      accounts: z.int(),
      permissionSets: z.int(),
    }),
    latest: Refresh.nullable(),
    held: z
      .object({
        refreshId: z.string(),
        state: z.enum(['held', 'accepted']),
        at: Instant,
        reason: z.string().nullable(),
        removals: z.array(
          z.object({
            kind: z.enum([
              'users',
              'groups',
              'memberships',
              'organizationalUnits',
              'accounts',
              'permissionSets',
            ]),
            count: z.int(),
            names: z.array(z.string()).meta({ description: 'The first of them' }),
          }),
        ),
        decidedBy: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'What would remove too much and waits for a word' }),
  })
  .meta({ id: 'DirectoryStatus' })
export type DirectoryStatus = z.infer<typeof DirectoryStatus>

export const RefreshAccepted = z.object({ refreshId: z.string() }).meta({ id: 'RefreshAccepted' })
