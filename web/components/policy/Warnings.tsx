import Alert from '@cloudscape-design/components/alert'
import type { ReactNode } from 'react'
import type { EligibilityPolicy } from '#contract/policy.ts'
import { type Names, useNames } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'

type Warnings = EligibilityPolicy['warnings']

/** Codes of warnings that have words; others show as they are. */
const warningCodes = [
  'subject_deleted',
  'subject_disabled',
  'subject_empty',
  'account_deleted',
  'account_out_of_reach',
  'organizational_unit_deleted',
  'permission_set_deleted',
  'permission_set_out_of_reach',
  'pattern_matches_nothing',
  'matches_no_account',
  'matches_no_permission_set',
  'duration_capped',
  'approver_group_deleted',
  'approver_group_empty',
  'quorum_out_of_reach',
  'same_as',
  'covered_by',
  'covers',
  'set_aside',
  'too_few_approvers',
] as const

export function PolicyWarnings(props: { warnings: Warnings }): ReactNode {
  const { t } = useWords()
  const names = useNames()
  const { warnings } = props
  if (warnings.length === 0) return null
  const words = (code: string, params: Readonly<Record<string, unknown>>) => {
    const { count: _, ...named } = params
    const what = Object.values(named)
      .flat()
      .map((value) => nameOf(String(value), names))
      .join(', ')
    const known = warningCodes.find((one) => one === code)
    return known ? t(`warn.${known}`, { what }) : `${code} ${what}`
  }
  return (
    <Alert type="warning" header={t('policy.warnings')}>
      {warnings.map((warning) => (
        <div key={warning.code + JSON.stringify(warning.params)}>
          {words(warning.code, warning.params)}
        </div>
      ))}
    </Alert>
  )
}

/** The name with the id beside it; what the directory no longer knows is its id. */
function nameOf(id: string, names: Names): string {
  const found = [names.account, names.unit, names.permissionSet, names.group]
    .map((find) => find(id))
    .find((name) => name !== id)
  return found === undefined ? id : `${found} (${id})`
}
