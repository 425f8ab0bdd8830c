/** What is known of the chosen targets: the accounts' names, and on what terms one may ask. */
import { useQueries } from '@tanstack/react-query'
import type { EligibleAccount } from '#contract/me.ts'
import { eligibleAccountsQuery, eligibleSetsQuery } from '../../queries.ts'
import type { AskTarget, KnownTarget } from './state.ts'

export function useEligibleAccounts(
  targets: readonly Pick<AskTarget, 'accountId'>[],
): ReadonlyMap<string, EligibleAccount> {
  const ids = uniqueIds(targets)
  const found = useQueries({ queries: ids.map((id) => eligibleAccountsQuery(id)) })
  const accounts = found.flatMap(({ data }) => data?.items ?? [])
  return new Map(
    accounts.filter(({ accountId }) => ids.includes(accountId)).map((one) => [one.accountId, one]),
  )
}

export function useKnownTargets(targets: readonly AskTarget[]): readonly KnownTarget[] {
  const ids = uniqueIds(targets)
  const found = useQueries({ queries: ids.map((id) => eligibleSetsQuery(id)) })
  return targets.flatMap(({ accountId, permissionSetArn }) => {
    const sets = found[ids.indexOf(accountId)]?.data?.items ?? []
    const set = sets.find((one) => one.permissionSetArn === permissionSetArn)
    return set ? [{ accountId, set }] : []
  })
}

function uniqueIds(targets: readonly Pick<AskTarget, 'accountId'>[]): string[] {
  return [...new Set(targets.map(({ accountId }) => accountId))]
}
