import { z } from 'zod'
import { AccountId, PageQuery, pageOf, queryText } from '#contract/common.ts'
import { EligibleAccount, EligiblePermissionSet } from '#contract/me.ts'
import type { AccountId as AccountIdOf } from '#core/ids.ts'
import {
  listEligibleAccounts,
  listEligiblePermissionSets,
} from '#server/operations/eligible-targets.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'

export function registerEligible(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/eligible-accounts',
    {
      config: { permission: 'eligible-account.read' },
      schema: {
        tags: ['requests'],
        description: 'Accounts you may ask for, by name',
        querystring: PageQuery.extend({ q: queryText(200).optional() }),
        response: { 200: pageOf(EligibleAccount).meta({ id: 'EligibleAccountPage' }) },
      },
    },
    (request) => listEligibleAccounts(ports, request.actor, request.query),
  )
  app.get(
    '/api/v1/eligible-accounts/:accountId/permission-sets',
    {
      config: { permission: 'eligible-account.read' },
      schema: {
        tags: ['requests'],
        description: 'What you may ask for in this account, and on what terms, by name',
        params: z.object({ accountId: AccountId }),
        querystring: PageQuery.extend({ q: queryText(200).optional() }),
        response: { 200: pageOf(EligiblePermissionSet).meta({ id: 'EligiblePermissionSetPage' }) },
      },
    },
    (request) => {
      const accountId = request.params.accountId as AccountIdOf
      return listEligiblePermissionSets(ports, request.actor, { accountId, ...request.query })
    },
  )
}
