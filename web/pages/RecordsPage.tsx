import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { LegalHold } from '#contract/audit.ts'
import { EraseDialog } from '../components/audit/EraseDialog.tsx'
import { PlaceHoldDialog, ReleaseHoldDialog } from '../components/audit/HoldDialogs.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { Page } from '../components/Page.tsx'
import { type Column, PartList } from '../components/PartList.tsx'
import { When } from '../components/Times.tsx'
import { type Translate, useWords } from '../i18n.tsx'
import { holdsQuery, useMe } from '../queries.ts'

type Asked = { readonly kind: 'place' | 'erase' } | { readonly kind: 'release'; hold: LegalHold }

/** What must be kept of people, and what may go. Auditors read it, administrators do it. */
export function RecordsPage(): ReactNode {
  const { t } = useWords()
  const at = useListPage('holds')
  const isAdmin = useMe().roles.includes('admin')
  const [asked, setAsked] = useState<Asked | null>(null)
  const query = useQuery(holdsQuery(at.query))
  const close = () => setAsked(null)
  return (
    <Page title={t('records.title')} lead={t('records.lead')}>
      <SpaceBetween size="l">
        <PartList
          title={t('records.holds')}
          heading={{
            variant: 'h2',
            description: t('records.holdsText'),
            actions: isAdmin && (
              <Button onClick={() => setAsked({ kind: 'place' })}>{t('records.place')}</Button>
            ),
          }}
          variant="container"
          columns={columnsFor(t, isAdmin ? (hold) => setAsked({ kind: 'release', hold }) : null)}
          {...at}
          {...answered(query, <NoRows text={t('records.noHolds')} />)}
          idOf={({ id }) => id}
        />
        <Container
          header={
            <Header
              variant="h2"
              actions={
                isAdmin && (
                  <Button onClick={() => setAsked({ kind: 'erase' })}>{t('records.erase')}</Button>
                )
              }
            >
              {t('records.erasing')}
            </Header>
          }
        >
          <SpaceBetween size="s">
            <div>{t('records.erasingText')}</div>
            <Box color="text-body-secondary">{t('records.retention')}</Box>
          </SpaceBetween>
        </Container>
      </SpaceBetween>
      {asked?.kind === 'place' && <PlaceHoldDialog onClose={close} />}
      {asked?.kind === 'release' && <ReleaseHoldDialog hold={asked.hold} onClose={close} />}
      {asked?.kind === 'erase' && <EraseDialog onClose={close} />}
    </Page>
  )
}

function columnsFor(
  t: Translate,
  onRelease: ((hold: LegalHold) => void) | null,
): Column<LegalHold>[] {
  const whose = ({ person }: LegalHold) => person?.userName ?? t('records.everybody')
  const columns: Column<LegalHold>[] = [
    { id: 'whose', header: t('records.whose'), cell: whose, minWidth: 160 },
    {
      id: 'state',
      header: t('records.state'),
      cell: ({ released }) =>
        released ? (
          <>
            <StatusIndicator type="stopped">{t('records.released')}</StatusIndicator>
            <Box variant="small" display="block" color="text-body-secondary">
              {released.by.userName}, <When at={released.at} />
            </Box>
            <Box variant="small" display="block">
              <span className="free-text">{released.reason}</span>
            </Box>
          </>
        ) : (
          <StatusIndicator type="success">{t('records.inForce')}</StatusIndicator>
        ),
    },
    {
      id: 'reason',
      header: t('records.reason'),
      cell: ({ reason }) => <span className="free-text">{reason}</span>,
    },
    {
      id: 'placed',
      header: t('records.placed'),
      cell: ({ placedBy, placedAt }) => (
        <>
          {placedBy.userName}
          <Box variant="small" display="block" color="text-body-secondary">
            <When at={placedAt} />
          </Box>
        </>
      ),
    },
  ]
  if (onRelease === null) return columns
  const release: Column<LegalHold> = {
    id: 'actions',
    header: t('health.column.actions'),
    cell: (hold) =>
      hold.released ? null : (
        <Button
          ariaLabel={t('records.releaseOf', { name: whose(hold) })}
          onClick={() => onRelease(hold)}
        >
          {t('records.release')}
        </Button>
      ),
  }
  return [...columns, release]
}
