/** Two versions of a policy beside each other: only the fields that differ, names beside ids. */
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import type { ReactNode } from 'react'
import { useNames } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { differingFields, fieldName, fieldsOf, valueInWords } from '../../policy-words.ts'
import { PlainList } from '../PlainList.tsx'

type Body = Readonly<Record<string, unknown>>

export function FieldDifferences(props: {
  before: Body
  after: Body
  beforeText: string
  afterText: string
}): ReactNode {
  const { t, times, locale } = useWords()
  const words = { names: useNames(), t, locale, duration: times.duration }
  const { before, after } = props
  const fields = differingFields(before, after)
  return (
    <PlainList
      title={t('policy.differences')}
      items={fields}
      idOf={(field) => field}
      nothing={t('policy.versionSame')}
      still
      columns={[
        {
          id: 'field',
          header: t('policy.field'),
          isRowHeader: true,
          cell: (field) => fieldName(field, t),
        },
        {
          id: 'before',
          header: props.beforeText,
          cell: (field) => valueInWords(field, before[field], words),
        },
        {
          id: 'after',
          header: props.afterText,
          cell: (field) => valueInWords(field, after[field], words),
        },
      ]}
    />
  )
}

/** A version by itself, field by field. */
export function FieldValues(props: { body: Body }): ReactNode {
  const { t, times, locale } = useWords()
  const words = { names: useNames(), t, locale, duration: times.duration }
  return (
    <KeyValuePairs
      columns={2}
      items={fieldsOf(props.body).map((field) => ({
        label: fieldName(field, t),
        value: <span className="free-text">{valueInWords(field, props.body[field], words)}</span>,
      }))}
    />
  )
}
