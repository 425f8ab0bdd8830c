/** The accounts and units that a row of the sample names. */
import { outOfReach } from '#core/eligibility.ts'
import type { AccountId, OuId } from '#core/ids.ts'
import { counted, type Entry, type Fields } from './entry.ts'
import type { Known } from './known.ts'
import { shown } from './shown.ts'

interface NamedThing {
  readonly id: string
  readonly name: string
  readonly field: string
}

const whyOutOfReach = {
  management_account: 'is the management account',
  account_not_active: 'is not active',
  permission_set_in_management_account: '',
} as const

export function accountTargets(
  entry: Pick<Entry<unknown>, 'meanings'>,
  named: readonly NamedThing[],
  { tell }: Pick<Fields, 'tell'>,
  { rules }: Known,
): string[] {
  return named.flatMap(({ id, name, field }) => {
    // Looked up: what is no account's id is not in it.
    const account = rules.directory.accounts.get(id as AccountId)
    if (account === undefined) {
      tell(field, `the organisation has no account ${shown(id)} (${shown(name)})`)
      return []
    }
    const why = outOfReach({ account, permissionSet: null })
    if (why !== null) {
      entry.meanings.push({
        code: 'out_of_reach',
        text: `${account.name} (${id}) ${whyOutOfReach[why]}: TEAM never offers it. The sample’s server let requests for it through.`,
      })
    }
    return [id]
  })
}

/** The sample covers the accounts directly in a unit, whatever its guide says; so does this. */
export function unitTargets(
  entry: Pick<Entry<unknown>, 'meanings'>,
  named: readonly NamedThing[],
  { tell }: Pick<Fields, 'tell'>,
  known: Known,
): { id: string; scope: 'children' }[] {
  return named.flatMap(({ id, name, field }) => {
    const unitName = known.ouNames.get(id)
    if (unitName === undefined) {
      tell(field, `the organisation has no unit ${shown(id)} (${shown(name)})`)
      return []
    }
    const { direct, nested } = accountsBelow(known, id)
    if (nested > 0) {
      entry.meanings.push({
        code: 'direct_children_only',
        text: `${unitName} (${id}) means the accounts directly in it (${direct}), as in the sample in fact; its guide says “all accounts under the OU”. ${counted(nested, 'account')} in units below stay out: choose “everything below” in the policy if they were meant.`,
      })
    }
    return [{ id, scope: 'children' as const }]
  })
}

function accountsBelow({ rules }: Known, ouId: string) {
  let [direct, nested] = [0, 0]
  for (const { ouPath } of rules.directory.accounts.values()) {
    // Compared with ids of the directory.
    const at = ouPath.indexOf(ouId as OuId)
    if (at === -1) continue
    if (at === ouPath.length - 1) direct += 1
    else nested += 1
  }
  return { direct, nested }
}
