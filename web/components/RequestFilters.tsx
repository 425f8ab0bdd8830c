import Multiselect from '@cloudscape-design/components/multiselect'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import { type ReactNode, useId } from 'react'
import type { RequestStatus } from '#contract/request.ts'
import { useWords } from '../i18n.tsx'
import { setSearch } from '../router.ts'
import { chosenScope } from '../scopes.ts'
import { firstPage, type ListState, type Scope } from '../url-state.ts'
import { DateRange } from './DateRange.tsx'
import { SearchBox } from './SearchBox.tsx'

const scopeWords = {
  all: 'list.scopeAll',
  mine: 'list.scopeMine',
  decide: 'list.scopeDecide',
} as const

export function RequestFilters(props: {
  state: ListState
  statuses: readonly RequestStatus[]
  scopes: readonly Scope[]
}): ReactNode {
  const { t } = useWords()
  const { state, statuses, scopes } = props
  return (
    <div className="filters">
      <SearchBox value={state.q} placeholder={t('list.searchHelp')} />
      <ScopeFilter state={state} scopes={scopes} />
      {statuses.length > 1 && <StatusFilter state={state} statuses={statuses} />}
      <DateRange from={state.from} to={state.to} />
    </div>
  )
}

function StatusFilter(props: { state: ListState; statuses: readonly RequestStatus[] }): ReactNode {
  const { t } = useWords()
  const options = props.statuses.map((status) => ({ value: status, label: t(`status.${status}`) }))
  const chosen = options.filter((option) => props.state.status.includes(option.value))
  const text =
    chosen.length === 0 ? t('list.statusAll') : chosen.map((option) => option.label).join(', ')
  return (
    <Multiselect
      options={options}
      selectedOptions={chosen}
      placeholder={text}
      ariaLabel={t('list.status')}
      hideTokens
      onChange={({ detail }) => {
        const values = detail.selectedOptions.map((option) => option.value).join(',')
        setSearch({ status: values, ...firstPage })
      }}
    />
  )
}

function ScopeFilter(props: { state: ListState; scopes: readonly Scope[] }): ReactNode {
  const { t } = useWords()
  const { scopes, state } = props
  const nameId = useId()
  const [first] = scopes
  const scope = chosenScope(scopes, state.scope)
  if (scopes.length < 2 || !scope) return null
  return (
    <div className="as-it-is">
      {/* As the search beside it, it is named for who hears and not for who sees. */}
      <span id={nameId} hidden>
        {t('list.scope')}
      </span>
      <SegmentedControl
        ariaLabelledby={nameId}
        options={scopes.map((id) => ({ id, text: t(scopeWords[id]) }))}
        selectedId={scope}
        onChange={({ detail }) => {
          const chosen = detail.selectedId === first ? null : detail.selectedId
          setSearch({ scope: chosen, ...firstPage })
        }}
      />
    </div>
  )
}
