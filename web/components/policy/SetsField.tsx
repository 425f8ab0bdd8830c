import FormField from '@cloudscape-design/components/form-field'
import Multiselect, { type MultiselectProps } from '@cloudscape-design/components/multiselect'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { DirectoryPermissionSet } from '#contract/directory.ts'
import { useDelayed } from '../../delayed.ts'
import { useNames } from '../../directory.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { directoryQuery } from '../../queries.ts'

/** Permission sets from the directory, or patterns: what one types with * or ? is offered as one. */
export function SetsField(props: {
  value: readonly string[]
  onChange: (entries: string[]) => void
  disabled: boolean
  error: string
}): ReactNode {
  const { t } = useWords()
  const names = useNames()
  const [text, setText] = useState('')
  const typed = text.trim()
  const isPattern = /[*?]/.test(typed)
  const q = useDelayed(isPattern ? typed.replace(/[*?].*$/, '') : typed, 200)
  const found = useQuery(directoryQuery('permission-sets', { q, limit: 50 }))
  const known = (found.data?.items ?? []).map((set) => setOption(set, t))
  const pattern = isPattern
    ? [{ value: typed, label: t('policy.pattern', { pattern: typed }) }]
    : []
  const selected = (entry: string): MultiselectProps.Option => ({
    value: entry,
    label: entry.startsWith('arn:')
      ? names.permissionSet(entry)
      : t('policy.patternShort', { pattern: entry }),
  })
  return (
    <FormField
      label={t('policy.sets')}
      description={t('policy.setsHelp')}
      errorText={props.error}
      stretch
    >
      <Multiselect
        disabled={props.disabled}
        selectedOptions={props.value.map(selected)}
        options={[...pattern, ...known]}
        placeholder={t('policy.setsPick')}
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

function setOption(set: DirectoryPermissionSet, t: Translate): MultiselectProps.Option {
  const why = set.notOfferedWhy ?? 'in_management_account'
  const description = set.offered
    ? set.description
    : t('policy.notOffered', { why: t(`policy.why.${why}`) })
  return {
    value: set.permissionSetArn,
    label: set.name,
    ...(description ? { description } : {}),
    ...(set.level === 'unknown' ? {} : { tags: [t(`level.${set.level}`)] }),
    disabled: !set.offered,
  }
}
