import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ReconcilerKey } from '#contract/reconciler.ts'
import { awsErrorKind } from '../../aws-error.ts'
import { useWords } from '../../i18n.tsx'
import { Indicator } from '../Indicator.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import { When } from '../Times.tsx'
import { KeyButtons } from './KeyButtons.tsx'
import { KeyName } from './KeyName.tsx'

/** Access that should be gone and is not confirmed to be: whose, where, why, and what may be done. */
export function LateRemovals(props: {
  count: number | undefined
  query: UseInfiniteQueryResult<InfiniteData<{ items: ReconcilerKey[] }>>
}): ReactNode {
  const { t } = useWords()
  const { query } = props
  const late = query.data?.pages.flatMap((page) => page.items) ?? []
  const counter = props.count ? { counter: `(${props.count})` } : {}
  return (
    <Container
      header={
        <Header variant="h2" {...counter} description={t('health.late.lead')}>
          {t('health.late')}
        </Header>
      }
    >
      {query.isError ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : late.length === 0 ? (
        <Indicator type="success">{t('health.late.none')}</Indicator>
      ) : (
        <SpaceBetween size="m">
          <ul className="lines">
            {late.map((held) => (
              <li key={held.id}>
                <Late held={held} />
              </li>
            ))}
          </ul>
          {query.hasNextPage && (
            <Button
              loading={query.isFetchingNextPage}
              loadingText={t('word.loading')}
              onClick={() => void query.fetchNextPage()}
            >
              {t('health.more')}
            </Button>
          )}
        </SpaceBetween>
      )}
    </Container>
  )
}

function Late(props: { held: ReconcilerKey }): ReactNode {
  const { t } = useWords()
  const { held } = props
  return (
    <SpaceBetween size="s">
      <div className="late-head">
        <div>
          <KeyName held={held} />
        </div>
        <KeyButtons held={held} verbs={['acknowledge', 'release']} />
      </div>
      <Indicator type="error">{t(`health.error.${awsErrorKind(held.lastError)}`)}</Indicator>
      <KeyValuePairs
        columns={4}
        items={[
          { label: t('health.late.since'), value: <When at={held.late?.since ?? null} /> },
          { label: t('health.attempts'), value: held.attempts },
          { label: t('health.next'), value: <When at={held.nextTryAt} /> },
          { label: t('health.late.seen'), value: <Acknowledged held={held} /> },
        ]}
      />
      {held.lastError && (
        <ExpandableSection headerText={t('health.late.raw')}>
          <code className="free-text">{held.lastError}</code>
        </ExpandableSection>
      )}
    </SpaceBetween>
  )
}

function Acknowledged(props: { held: ReconcilerKey }): ReactNode {
  const { t, times } = useWords()
  const word = props.held.late?.acknowledged
  if (!word) return t('health.late.unseen')
  return (
    <>
      {t('health.late.seenBy', { name: word.userName, time: times.at(word.at) })}
      <Box variant="small" display="block" color="text-body-secondary">
        <span className="free-text">{word.comment}</span>
      </Box>
    </>
  )
}
