/**
 * A property filter that offers only what the server answers: one operator a property, all
 * conditions together. Its state is the URL, one parameter a property.
 */
import PropertyFilter, {
  type PropertyFilterProps,
} from '@cloudscape-design/components/property-filter'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage } from '../../url-state.ts'

export interface FilterProperty {
  /** Of the URL's parameter, and of the API's. */
  readonly name: string
  readonly label: string
  readonly group: string
  /** Equals, or begins with. */
  readonly operator: '=' | '^'
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  /** Several values, separated by commas: any of them. */
  readonly many?: true
}

/** What of the URL a list is filtered by; what is longer than any value is no value. */
export function filterValues(
  search: URLSearchParams,
  properties: readonly FilterProperty[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    properties.flatMap(({ name, options, many }) => {
      const value = search.get(name)?.slice(0, 200) ?? ''
      const isKnown = (one: string) => options?.some((option) => option.value === one) ?? true
      const isOffered = (many ? value.split(',') : [value]).every(isKnown)
      return value === '' || (many && !isOffered) ? [] : [[name, value]]
    }),
  )
}

export function ServerFilter(props: {
  properties: readonly FilterProperty[]
  /** The parameter of free text; absent: there is no search by free text. */
  text?: string
  placeholder: string
}): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const { properties, text } = props
  const values = filterValues(search, properties)
  const free = text === undefined ? '' : (search.get(text) ?? '')
  const tokens: PropertyFilterProps.Token[] = properties.flatMap(({ name, operator, many }) => {
    const value = values[name]
    if (value === undefined) return []
    return [{ propertyKey: name, operator, value: many ? value.split(',') : value }]
  })
  if (free !== '') tokens.push({ operator: '^', value: free })
  return (
    <PropertyFilter
      query={{ operation: 'and', tokens }}
      onChange={({ detail }) => setSearch(changesFor(detail.tokens, properties, text))}
      filteringProperties={properties.map(({ name, label, group, operator, many }) => ({
        key: name,
        propertyLabel: label,
        groupValuesLabel: group,
        operators: [many ? { operator, tokenType: 'enum' as const } : operator],
        defaultOperator: operator,
      }))}
      filteringOptions={properties.flatMap(({ name, options = [] }) =>
        options.map(({ value, label }) => ({ propertyKey: name, value, label })),
      )}
      freeTextFiltering={{ operators: ['^'], defaultOperator: '^' }}
      disableFreeTextFiltering={text === undefined}
      hideOperations
      expandToViewport
      filteringPlaceholder={props.placeholder}
      filteringAriaLabel={props.placeholder}
      i18nStrings={{ clearFiltersText: t('do.clearFilters') }}
    />
  )
}

/** The server takes one value of each: of two the later one holds. */
function changesFor(
  tokens: readonly PropertyFilterProps.Token[],
  properties: readonly FilterProperty[],
  text: string | undefined,
): Record<string, string | null> {
  const changes: Record<string, string | null> = { ...firstPage }
  for (const { name } of properties) changes[name] = null
  if (text !== undefined) changes[text] = null
  for (const { propertyKey, value } of tokens) {
    const name = propertyKey ?? text
    const given = Array.isArray(value) ? value.join(',') : String(value ?? '').trim()
    if (name !== undefined && given !== '') changes[name] = given
  }
  return changes
}
