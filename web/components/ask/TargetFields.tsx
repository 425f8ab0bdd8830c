import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Multiselect, { type MultiselectProps } from '@cloudscape-design/components/multiselect'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import type { EligibleAccount, EligiblePermissionSet } from '#contract/me.ts'
import { useDelayed } from '../../delayed.ts'
import { useWords } from '../../i18n.tsx'
import { eligibleAccountsQuery, eligibleSetsQuery } from '../../queries.ts'
import { type AskTarget, targetsMax, withAccounts } from './state.ts'

interface TargetFieldsProps {
  readonly targets: readonly AskTarget[]
  readonly change: (targets: readonly AskTarget[]) => void
  readonly accountsError: string
  /** By the row's place. */
  readonly rowError: (position: number) => string
  readonly accounts: ReadonlyMap<string, EligibleAccount>
}

/** Accounts are searched and chosen, several at once; each has a row with its permission set. */
export function TargetFields(props: TargetFieldsProps): ReactNode {
  const { targets } = props
  return (
    <SpaceBetween size="m">
      <AccountsField {...props} />
      {targets.length > 0 && (
        <ul className="lines">
          {targets.map((target, position) => (
            // A row has no identity but its place: the same account may stand there twice.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <li key={`${position} ${target.accountId}`}>
              <TargetRow {...props} target={target} position={position} />
            </li>
          ))}
        </ul>
      )}
    </SpaceBetween>
  )
}

export function ouText(path: readonly string[]): string {
  return path.join(' / ')
}

function accountOption(account: EligibleAccount): MultiselectProps.Option {
  return {
    value: account.accountId,
    label: account.name,
    labelTag: account.accountId,
    description: ouText(account.ouPath),
  }
}

function AccountsField(props: TargetFieldsProps): ReactNode {
  const { t } = useWords()
  const { targets, change, accounts } = props
  const [text, setText] = useState('')
  const found = useQuery(eligibleAccountsQuery(useDelayed(text, 200)))
  const chosen = [...new Set(targets.map(({ accountId }) => accountId))]
  return (
    <FormField
      label={t('ask.account')}
      description={t('ask.accountHelp', { max: targetsMax })}
      errorText={props.accountsError}
    >
      <Multiselect
        selectedOptions={chosen.map((accountId) => {
          const account = accounts.get(accountId)
          return account ? accountOption(account) : { value: accountId, label: accountId }
        })}
        options={(found.data?.items ?? []).map(accountOption)}
        hideTokens
        placeholder={
          chosen.length === 0 ? t('ask.accountPick') : t('ask.accountsChosen', { n: chosen.length })
        }
        filteringType="manual"
        filteringAriaLabel={t('do.search')}
        filteringPlaceholder={t('do.search')}
        onLoadItems={({ detail }) => setText(detail.filteringText)}
        statusType={found.isError ? 'error' : found.isFetching ? 'loading' : 'finished'}
        loadingText={t('word.loading')}
        errorText={t('word.loadFailed')}
        recoveryText={t('do.retry')}
        empty={text === '' ? t('ask.accountEmpty') : t('word.noMatch')}
        expandToViewport
        onChange={({ detail }) =>
          change(
            withAccounts(
              targets,
              detail.selectedOptions.flatMap(({ value }) => value ?? []),
            ),
          )
        }
      />
    </FormField>
  )
}

interface RowProps extends TargetFieldsProps {
  readonly target: AskTarget
  readonly position: number
}

function TargetRow(props: RowProps): ReactNode {
  const { t } = useWords()
  const { target, position, targets, change } = props
  const account = props.accounts.get(target.accountId)
  const name = account?.name ?? target.accountId
  return (
    <div className="ask-row">
      <div>
        <Box fontWeight="bold">{name}</Box>
        <Box variant="small" display="block" color="text-body-secondary">
          {account ? `${target.accountId} · ${ouText(account.ouPath)}` : target.accountId}
        </Box>
      </div>
      <SetField {...props} name={name} />
      <div className="ask-row-end">
        <Button
          variant="icon"
          iconName="add-plus"
          formAction="none"
          disabled={targets.length >= targetsMax}
          ariaLabel={t('ask.anotherSet', { account: name })}
          onClick={() =>
            change(
              targets.toSpliced(position + 1, 0, {
                accountId: target.accountId,
                permissionSetArn: null,
              }),
            )
          }
        />
        <Button
          variant="icon"
          iconName="remove"
          formAction="none"
          ariaLabel={t('ask.removeTarget', { account: name })}
          onClick={() => change(targets.toSpliced(position, 1))}
        />
      </div>
    </div>
  )
}

function SetField(props: RowProps & { name: string }): ReactNode {
  const { t, times } = useWords()
  const { target, position, targets } = props
  const choose = (permissionSetArn: string | null) =>
    props.change(targets.with(position, { accountId: target.accountId, permissionSetArn }))
  const sets = useQuery(eligibleSetsQuery(target.accountId))
  const option = (set: EligiblePermissionSet): SelectProps.Option => ({
    value: set.permissionSetArn,
    label: set.name,
    ...(set.description ? { description: set.description } : {}),
    tags: [
      t(`level.${set.level}`),
      t('ask.setUpTo', { duration: times.duration(set.maxDurationMinutes) }),
      t(set.approvalRequired ? 'ask.setApproval' : 'ask.setNoApproval'),
      ...(set.sessionMinutes === null
        ? []
        : [t('ask.setSession', { duration: times.duration(set.sessionMinutes) })]),
    ],
  })
  const options = (sets.data?.items ?? []).map(option)
  useGone(sets.data?.items, target, choose)
  const chosen = options.find((one) => one.value === target.permissionSetArn)
  const unnamed = target.permissionSetArn
    ? {
        value: target.permissionSetArn,
        label: target.permissionSetArn.split('/').at(-1) ?? '',
      }
    : null
  return (
    <FormField
      label={t('ask.setIn', { account: props.name })}
      errorText={props.rowError(position)}
      stretch
    >
      <Select
        selectedOption={chosen ?? unnamed}
        options={options}
        placeholder={t('ask.setPick')}
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
        onChange={({ detail }) => choose(detail.selectedOption.value ?? null)}
      />
    </FormField>
  )
}

/** Another account may not offer the set of the row above; where there is but one, it is that. */
function useGone(
  sets: readonly EligiblePermissionSet[] | undefined,
  target: AskTarget,
  choose: (arn: string | null) => void,
): void {
  const wish = target.permissionSetArn
  const isGone = sets !== undefined && wish !== null && !isAmong(sets, wish)
  const only = sets?.length === 1 ? (sets[0]?.permissionSetArn ?? null) : null
  const isOpen = wish === null && only !== null
  useEffect(() => {
    if (isGone || isOpen) choose(only)
  }, [isGone, isOpen, only, choose])
}

function isAmong(sets: readonly EligiblePermissionSet[], arn: string): boolean {
  return sets.some((set) => set.permissionSetArn === arn)
}
