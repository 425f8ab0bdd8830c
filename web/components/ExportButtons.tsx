import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { apiPath, type Query } from '../api.ts'
import { useWords } from '../i18n.tsx'
import type { RequestListQuery } from '../queries.ts'

/** Names of formats, the same in every language. */
const formatNames = { csv: 'CSV', jsonl: 'JSON Lines' } as const
type Format = keyof typeof formatNames

interface ExportProps {
  readonly from: '/access/export' | '/audit/export' | '/requests/export'
  readonly formats?: readonly Format[]
  readonly query: Query
}

/** The filtered view as a file; the server streams it, so the browser is left to fetch it. */
export function ExportButtons({ from, formats = ['csv', 'jsonl'], query }: ExportProps): ReactNode {
  const { t } = useWords()
  const buttons = formats.map((format) => (
    <Button
      key={format}
      iconName="download"
      href={apiPath(from, { ...query, format })}
      download
      ariaLabel={t(`list.exportAs.${format}`)}
    >
      {formatNames[format]}
    </Button>
  ))
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {buttons}
    </SpaceBetween>
  )
}

/** All that a list shows, not only the page of it. */
export function ListExport(props: { query: RequestListQuery }): ReactNode {
  const { cursor: _cursor, limit: _limit, ...query } = props.query
  return <ExportButtons from="/requests/export" formats={['csv']} query={query} />
}
