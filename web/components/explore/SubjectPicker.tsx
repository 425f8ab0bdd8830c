import ColumnLayout from '@cloudscape-design/components/column-layout'
import FormField from '@cloudscape-design/components/form-field'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useDelayed } from '../../delayed.ts'
import { useWords } from '../../i18n.tsx'
import { directoryQuery } from '../../queries.ts'
import { PrincipalField } from '../policy/PrincipalField.tsx'

export interface Named {
  readonly id: string
  readonly name: string
}

/** An account or a person: choosing the one lets go of the other. */
export function SubjectPicker(props: {
  account: Named | null
  person: Named | null
  onAccount: (id: string) => void
  onPerson: (id: string) => void
}): ReactNode {
  const { t } = useWords()
  return (
    <ColumnLayout columns={2}>
      <AccountField label={t('explore.account')} value={props.account} onChange={props.onAccount} />
      <PrincipalField
        label={t('explore.person')}
        type="user"
        value={props.person}
        disabled={false}
        error=""
        onChange={(person) => person && props.onPerson(person.id)}
      />
    </ColumnLayout>
  )
}

export function AccountField(props: {
  label: string
  value: Named | null
  onChange: (id: string) => void
}): ReactNode {
  const { t } = useWords()
  const [text, setText] = useState('')
  const found = useQuery(directoryQuery('accounts', { q: useDelayed(text, 200), limit: 50 }))
  const options = (found.data?.items ?? []).map(
    (account): SelectProps.Option => ({
      value: account.accountId,
      label: account.name,
      labelTag: account.accountId,
      description: account.ouPath.join(' / '),
    }),
  )
  return (
    <SearchedSelect
      {...props}
      placeholder={t('explore.accountPick')}
      options={options}
      found={found}
      onText={setText}
    />
  )
}

export function SetField(props: {
  label: string
  value: Named | null
  onChange: (id: string) => void
}): ReactNode {
  const { t } = useWords()
  const [text, setText] = useState('')
  const found = useQuery(directoryQuery('permission-sets', { q: useDelayed(text, 200), limit: 50 }))
  const options = (found.data?.items ?? []).map(
    (set): SelectProps.Option => ({
      value: set.permissionSetArn,
      label: set.name,
      description: t(`level.${set.level}`),
    }),
  )
  return (
    <SearchedSelect
      {...props}
      placeholder={t('explore.setPick')}
      options={options}
      found={found}
      onText={setText}
    />
  )
}

function SearchedSelect(props: {
  label: string
  value: Named | null
  onChange: (id: string) => void
  placeholder: string
  options: SelectProps.Option[]
  found: { readonly isError: boolean; readonly isFetching: boolean }
  onText: (text: string) => void
}): ReactNode {
  const { t } = useWords()
  const { found, value } = props
  return (
    <FormField label={props.label}>
      <Select
        selectedOption={value && { value: value.id, label: value.name }}
        options={props.options}
        placeholder={props.placeholder}
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        filteringPlaceholder={t('do.search')}
        onLoadItems={({ detail }) => props.onText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={t('word.noMatch')}
        expandToViewport
        onChange={({ detail }) => {
          const { value: id } = detail.selectedOption
          if (id) props.onChange(id)
        }}
      />
    </FormField>
  )
}
