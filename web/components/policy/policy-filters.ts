/** What the lists of policies can be narrowed by: what the server answers, with names to choose from. */
import { useWholeDirectory } from '../../directory.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import type { FilterProperty } from '../audit/ServerFilter.tsx'

const isFlag = /^(true|false)$/

function flag(
  name: 'enabled' | 'approvalRequired' | 'ticketRequired' | 'breakGlass' | 'exclusive',
  label: string,
  t: Translate,
): FilterProperty {
  const options = [
    { value: 'true', label: t('word.yes') },
    { value: 'false', label: t('word.no') },
  ]
  return { name, label, group: label, operator: '=', pattern: isFlag, options }
}

/** Of both kinds of policy. */
function useTargetFilters(): FilterProperty[] {
  const { t } = useWords()
  const accounts = useWholeDirectory('accounts') ?? []
  const sets = useWholeDirectory('permission-sets') ?? []
  return [
    {
      name: 'accountId',
      label: t('policy.filter.account'),
      group: t('policy.accounts'),
      operator: '=',
      pattern: /^\d{12}$/,
      options: accounts.map(({ accountId, name }) => ({
        value: accountId,
        label: `${name} (${accountId})`,
      })),
    },
    {
      name: 'permissionSetArn',
      label: t('policy.filter.set'),
      group: t('policy.sets'),
      operator: '=',
      pattern: /^arn:/,
      options: sets.map(({ permissionSetArn, name }) => ({ value: permissionSetArn, label: name })),
    },
  ]
}

export function useEligibilityFilters(): FilterProperty[] {
  const { t } = useWords()
  const targets = useTargetFilters()
  return [
    {
      name: 'subject',
      label: t('elig.subject'),
      group: t('elig.subject'),
      operator: ':',
    },
    {
      name: 'subjectType',
      label: t('elig.subjectType'),
      group: t('elig.subjectType'),
      operator: '=',
      pattern: /^(user|group)$/,
      options: [
        { value: 'user', label: t('elig.user') },
        { value: 'group', label: t('elig.group') },
      ],
    },
    ...targets,
    flag('approvalRequired', t('elig.approval'), t),
    flag('ticketRequired', t('elig.ticket'), t),
    flag('breakGlass', t('elig.breakGlass'), t),
    flag('enabled', t('policy.enabled'), t),
  ]
}

export function useApproverFilters(): FilterProperty[] {
  const { t } = useWords()
  const targets = useTargetFilters()
  const groups = useWholeDirectory('groups') ?? []
  return [
    {
      name: 'groupId',
      label: t('policy.filter.group'),
      group: t('appr.groups'),
      operator: '=',
      pattern: /^[0-9a-f-]{36,47}$/i,
      options: groups.map(({ groupId, displayName }) => ({ value: groupId, label: displayName })),
    },
    ...targets,
    flag('exclusive', t('badge.exclusive'), t),
    flag('enabled', t('policy.enabled'), t),
  ]
}
