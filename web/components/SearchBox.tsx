import TextFilter from '@cloudscape-design/components/text-filter'
import { type ReactNode, useEffect, useState } from 'react'
import { useWords } from '../i18n.tsx'
import { setSearch } from '../router.ts'
import { firstPage } from '../url-state.ts'

/** Asks the server as one types; the words stand in the URL. */
export function SearchBox(props: { value: string; placeholder: string }): ReactNode {
  const { t } = useWords()
  const [text, setText] = useState(props.value)
  useEffect(() => setText(props.value), [props.value])
  return (
    <TextFilter
      filteringText={text}
      filteringPlaceholder={props.placeholder}
      filteringAriaLabel={t('list.search')}
      filteringClearAriaLabel={t('do.clearFilters')}
      onChange={({ detail }) => setText(detail.filteringText)}
      onDelayedChange={({ detail }) => {
        setSearch({ q: detail.filteringText.trim(), ...firstPage }, { replace: true })
      }}
    />
  )
}
