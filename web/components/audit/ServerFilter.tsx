/**
 * A property filter that offers only what the server answers: one operator a property, all
 * conditions together. Its state is the URL, one parameter a property.
 */
import PropertyFilter, {
  type PropertyFilterProps,
} from '@cloudscape-design/components/property-filter'
import type { ReactNode } from 'react'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage } from '../../url-state.ts'

export interface FilterProperty {
  /** Of the URL's parameter, and of the API's. */
  readonly name: string
  readonly label: string
  readonly group: string
  /** Equals, begins with, or contains. */
  readonly operator: '=' | '^' | ':'
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  /** Several values, separated by commas: any of them. */
  readonly many?: true
  /** What a value looks like; a name that was typed in its place is sought among the options. */
  readonly pattern?: RegExp
}

/** So many options are drawn only as far as they are in sight. */
const optionsDrawnMax = 200

/** What of the URL a list is filtered by; what is longer than any value is no value. */
export function filterValues(
  search: URLSearchParams,
  properties: readonly FilterProperty[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    properties.flatMap(({ name, options, many, pattern }) => {
      const value = search.get(name)?.slice(0, 200) ?? ''
      const isKnown = (one: string) => options?.some((option) => option.value === one) ?? true
      const isOffered = (many ? value.split(',') : [value]).every(isKnown)
      const isFit = many ? isOffered : (pattern?.test(value) ?? true)
      return value === '' || !isFit ? [] : [[name, value]]
    }),
  )
}

export function ServerFilter(props: {
  properties: readonly FilterProperty[]
  /** The parameter of free text, or the property that it is meant for; absent: there is none. */
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
  const property = properties.find(({ name }) => name === text)
  if (free !== '' && !property) tokens.push({ operator: '^', value: free })
  const operator = property?.operator ?? '^'
  const options = properties.flatMap(({ name, options: some = [] }) =>
    some.map(({ value, label }) => ({ propertyKey: name, value, label })),
  )
  const change = (given: readonly PropertyFilterProps.Token[]) => {
    const { changes, unknown } = changesFor(given, properties, text)
    for (const one of unknown) flash({ type: 'info', text: t('list.noSuch', one) })
    setSearch(changes)
  }
  return (
    <PropertyFilter
      query={{ operation: 'and', tokens }}
      onChange={({ detail }) => change(detail.tokens)}
      filteringProperties={properties.map((one) => ({
        key: one.name,
        propertyLabel: one.label,
        groupValuesLabel: one.group,
        operators: [operatorOf(one)],
        defaultOperator: one.operator,
      }))}
      filteringOptions={options}
      virtualScroll={options.length > optionsDrawnMax}
      freeTextFiltering={{ operators: [operator], defaultOperator: operator }}
      disableFreeTextFiltering={text === undefined}
      hideOperations
      expandToViewport
      filteringPlaceholder={props.placeholder}
      filteringAriaLabel={props.placeholder}
      i18nStrings={{ clearFiltersText: t('do.clearFilters') }}
    />
  )
}

function operatorOf({ operator, many, options }: FilterProperty) {
  if (many) return { operator, tokenType: 'enum' as const }
  const format = (value: unknown) =>
    options?.find((option) => option.value === value)?.label ?? String(value)
  return { operator, format }
}

interface Changes {
  readonly changes: Readonly<Record<string, string | null>>
  /** What was typed for a property and names none of its values, or several. */
  readonly unknown: readonly { readonly value: string; readonly property: string }[]
}

/** The server takes one value of each: of two the later one holds. */
export function changesFor(
  tokens: readonly PropertyFilterProps.Token[],
  properties: readonly FilterProperty[],
  text: string | undefined,
): Changes {
  const changes: Record<string, string | null> = { ...firstPage }
  const unknown: { value: string; property: string }[] = []
  for (const { name } of properties) changes[name] = null
  if (text !== undefined) changes[text] = null
  for (const { propertyKey, value } of tokens) {
    const name = propertyKey ?? text
    const given = Array.isArray(value) ? value.join(',') : String(value ?? '').trim()
    if (name === undefined || given === '') continue
    const property = properties.find((one) => one.name === name)
    const meant = property ? valueMeant(property, given) : given
    if (meant !== null) changes[name] = meant
    else unknown.push({ value: given, property: property?.label ?? name })
  }
  return { changes, unknown }
}

/** What was typed may be a name, or enough of one to tell which is meant. */
function valueMeant({ pattern, options = [] }: FilterProperty, given: string): string | null {
  if (!pattern || pattern.test(given)) return given
  const wanted = given.toLowerCase()
  const exact = options.find(({ label }) => label.toLowerCase() === wanted)
  if (exact) return exact.value
  const found = options.filter(({ label }) => label.toLowerCase().includes(wanted))
  return found.length === 1 ? (found[0]?.value ?? null) : null
}
