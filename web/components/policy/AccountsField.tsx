import FormField from '@cloudscape-design/components/form-field'
import Multiselect, { type MultiselectProps } from '@cloudscape-design/components/multiselect'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useDelayed } from '../../delayed.ts'
import { useNames } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { directoryQuery } from '../../queries.ts'
import { FieldLabel } from '../FieldLabel.tsx'

export function AccountsField(props: {
  value: readonly string[]
  onChange: (accounts: string[]) => void
  disabled: boolean
}): ReactNode {
  const { t } = useWords()
  const names = useNames()
  const [text, setText] = useState('')
  const found = useQuery(directoryQuery('accounts', { q: useDelayed(text, 200), limit: 50 }))
  const options = (found.data?.items ?? []).map(
    (account): MultiselectProps.Option => ({
      value: account.accountId,
      label: account.name,
      labelTag: account.accountId,
      description: account.offered
        ? account.ouPath.join(' / ')
        : t('policy.notOffered', {
            why: t(`policy.why.${account.notOfferedWhy ?? 'account_not_active'}`),
          }),
      disabled: !account.offered,
    }),
  )
  return (
    <FormField label={<FieldLabel text={t('policy.accounts')} optional />} stretch>
      <Multiselect
        disabled={props.disabled}
        selectedOptions={props.value.map((id) => ({
          value: id,
          label: names.account(id),
          ...(names.account(id) === id ? {} : { labelTag: id }),
        }))}
        options={options}
        placeholder={t('policy.accountsPick')}
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        onLoadItems={({ detail }) => setText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={t('word.noMatch')}
        tokenLimit={20}
        expandToViewport
        onChange={({ detail }) => {
          props.onChange(detail.selectedOptions.flatMap(({ value }) => (value ? [value] : [])))
        }}
      />
    </FormField>
  )
}
