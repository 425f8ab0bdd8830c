import FormField from '@cloudscape-design/components/form-field'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import type { EligibleAccount, EligiblePermissionSet } from '#contract/me.ts'
import { useDelayed } from '../../delayed.ts'
import { useWords } from '../../i18n.tsx'
import { eligibleAccountsQuery, eligibleSetsQuery } from '../../queries.ts'
import type { Ask } from './state.ts'

interface TargetFieldsProps {
  readonly ask: Ask
  readonly change: (part: Partial<Ask>) => void
  readonly accountError: string
  readonly setError: string
}

export function TargetFields(props: TargetFieldsProps): ReactNode {
  return (
    <SpaceBetween size="l">
      <AccountField {...props} />
      <SetField {...props} />
    </SpaceBetween>
  )
}

export function ouText(path: readonly string[]): string {
  return path.join(' / ')
}

function accountOption(account: EligibleAccount): SelectProps.Option {
  return {
    value: account.accountId,
    label: account.name,
    labelTag: account.accountId,
    description: ouText(account.ouPath),
  }
}

function AccountField(props: TargetFieldsProps): ReactNode {
  const { t } = useWords()
  const { ask, change } = props
  const [text, setText] = useState('')
  const found = useQuery(eligibleAccountsQuery(useDelayed(text, 200)))
  const chosen = useEligibleAccount(ask.accountId)
  return (
    <FormField
      label={t('ask.account')}
      description={t('ask.accountHelp')}
      errorText={props.accountError}
    >
      <Select
        selectedOption={
          ask.accountId === null
            ? null
            : chosen
              ? accountOption(chosen)
              : { value: ask.accountId, label: ask.accountId }
        }
        options={(found.data?.items ?? []).map(accountOption)}
        placeholder={t('ask.accountPick')}
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        filteringPlaceholder={t('do.search')}
        onLoadItems={({ detail }) => setText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={text === '' ? t('ask.accountEmpty') : t('word.noMatch')}
        triggerVariant="option"
        expandToViewport
        onChange={({ detail }) => {
          const accountId = detail.selectedOption.value ?? null
          if (accountId !== ask.accountId) change({ accountId })
        }}
      />
    </FormField>
  )
}

export function useEligibleAccount(accountId: string | null): EligibleAccount | null {
  const { data } = useQuery({
    ...eligibleAccountsQuery(accountId ?? ''),
    enabled: accountId !== null,
  })
  return data?.items.find((account) => account.accountId === accountId) ?? null
}

export function useEligibleSet(ask: Ask): EligiblePermissionSet | null {
  const { data } = useQuery({
    ...eligibleSetsQuery(ask.accountId ?? ''),
    enabled: ask.accountId !== null,
  })
  return data?.items.find((set) => set.permissionSetArn === ask.permissionSetArn) ?? null
}

function SetField(props: TargetFieldsProps): ReactNode {
  const { t, times } = useWords()
  const { ask, change } = props
  const sets = useQuery({
    ...eligibleSetsQuery(ask.accountId ?? ''),
    enabled: ask.accountId !== null,
  })
  const option = (set: EligiblePermissionSet): SelectProps.Option => ({
    value: set.permissionSetArn,
    label: set.name,
    ...(set.description ? { description: set.description } : {}),
    tags: [
      ...(set.level === 'unknown' ? [] : [t(`level.${set.level}`)]),
      t('ask.setUpTo', { duration: times.duration(set.maxDurationMinutes) }),
      t(set.approvalRequired ? 'ask.setApproval' : 'ask.setNoApproval'),
    ],
  })
  const options = (sets.data?.items ?? []).map(option)
  useGone(sets.data?.items, props)
  const chosen = options.find((one) => one.value === ask.permissionSetArn)
  const unnamed = ask.permissionSetArn
    ? { value: ask.permissionSetArn, label: ask.permissionSetArn.split('/').at(-1) ?? '' }
    : null
  return (
    <FormField label={t('ask.set')} errorText={props.setError}>
      <Select
        selectedOption={chosen ?? unnamed}
        options={options}
        disabled={ask.accountId === null}
        placeholder={t(ask.accountId === null ? 'ask.setFirst' : 'ask.setPick')}
        filteringType={options.length > 7 ? 'auto' : 'none'}
        filteringAriaLabel={t('do.search')}
        statusType={sets.isError ? 'error' : sets.isLoading ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        onLoadItems={() => {
          if (sets.isError) void sets.refetch()
        }}
        empty={t('ask.setEmpty')}
        triggerVariant="option"
        expandToViewport
        onChange={({ detail }) => change({ permissionSetArn: detail.selectedOption.value ?? null })}
      />
    </FormField>
  )
}

/** Another account may not offer the set that was chosen for the one before. */
function useGone(sets: readonly EligiblePermissionSet[] | undefined, props: TargetFieldsProps) {
  const { ask, change } = props
  const chosen = ask.permissionSetArn
  const gone =
    sets !== undefined && chosen !== null && !sets.some((set) => set.permissionSetArn === chosen)
  useEffect(() => {
    if (gone) change({ permissionSetArn: null })
  }, [gone, change])
}
