import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { apiPath, type Query } from '../../api.ts'
import { useWords } from '../../i18n.tsx'

/** Names of formats, the same in every language. */
const formats = { csv: 'CSV', jsonl: 'JSON Lines' } as const

/** The filtered view as a file; the server streams it, so the browser is left to fetch it. */
export function ExportButtons(props: { query: Query }): ReactNode {
  const { t } = useWords()
  const buttons = (['csv', 'jsonl'] as const).map((format) => (
    <Button
      key={format}
      iconName="download"
      href={apiPath('/audit/export', { ...props.query, format })}
      download
      ariaLabel={t(`audit.exportAs.${format}`)}
    >
      {formats[format]}
    </Button>
  ))
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {buttons}
    </SpaceBetween>
  )
}
