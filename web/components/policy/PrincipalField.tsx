import FormField from '@cloudscape-design/components/form-field'
import Multiselect from '@cloudscape-design/components/multiselect'
import Select from '@cloudscape-design/components/select'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useDelayed } from '../../delayed.ts'
import { useNames } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { directoryQuery } from '../../queries.ts'

interface Option {
  readonly value: string
  readonly label: string
  readonly labelTag: string
  readonly description?: string
}

function useUsers(text: string, wanted: boolean) {
  const q = useDelayed(text, 200)
  const { t } = useWords()
  const found = useQuery({ ...directoryQuery('users', { q, limit: 50 }), enabled: wanted })
  const options = (found.data?.items ?? []).map(
    (user): Option => ({
      value: user.userId,
      label: user.displayName,
      labelTag: user.userName,
      ...(user.enabled ? {} : { description: t('dir.disabled') }),
    }),
  )
  return { found, options }
}

function useGroups(text: string, wanted: boolean) {
  const q = useDelayed(text, 200)
  const { t } = useWords()
  const found = useQuery({ ...directoryQuery('groups', { q, limit: 50 }), enabled: wanted })
  const options = (found.data?.items ?? []).map(
    (group): Option => ({
      value: group.groupId,
      label: group.displayName,
      labelTag: t('appr.members', { count: group.memberCount }),
    }),
  )
  return { found, options }
}

export interface Principal {
  readonly id: string
  readonly name: string
}

/** One user or one group of the directory. */
export function PrincipalField(props: {
  label: string
  type: 'user' | 'group'
  value: Principal | null
  onChange: (principal: Principal | null) => void
  disabled: boolean
  error: string
  description?: string
}): ReactNode {
  const { t } = useWords()
  const [text, setText] = useState('')
  const users = useUsers(text, props.type === 'user')
  const groups = useGroups(text, props.type === 'group')
  const { found, options } = props.type === 'user' ? users : groups
  const { value } = props
  const names = useNames()
  // An old version names its group by id alone.
  const label = value && value.name === value.id ? names.group(value.id) : value?.name
  return (
    <FormField
      label={props.label}
      errorText={props.error}
      {...(props.description ? { description: props.description } : {})}
    >
      <Select
        selectedOption={value === null ? null : { value: value.id, label: label ?? value.id }}
        options={options}
        disabled={props.disabled}
        placeholder={t(props.type === 'user' ? 'elig.userPick' : 'elig.groupPick')}
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        filteringPlaceholder={t('do.search')}
        onLoadItems={({ detail }) => setText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={t('word.noMatch')}
        expandToViewport
        onChange={({ detail }) => {
          const { value: id, label } = detail.selectedOption
          props.onChange(id ? { id, name: label ?? id } : null)
        }}
      />
    </FormField>
  )
}

export function GroupsField(props: {
  label: string
  value: readonly string[]
  onChange: (groups: string[]) => void
  disabled: boolean
  error: string
}): ReactNode {
  const { t } = useWords()
  const names = useNames()
  const [text, setText] = useState('')
  const { found, options } = useGroups(text, true)
  return (
    <FormField label={props.label} errorText={props.error} stretch>
      <Multiselect
        disabled={props.disabled}
        selectedOptions={props.value.map((id) => ({ value: id, label: names.group(id) }))}
        options={options}
        placeholder={t('appr.groupsPick')}
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        onLoadItems={({ detail }) => setText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={t('word.noMatch')}
        expandToViewport
        onChange={({ detail }) => {
          props.onChange(detail.selectedOptions.flatMap(({ value }) => (value ? [value] : [])))
        }}
      />
    </FormField>
  )
}
