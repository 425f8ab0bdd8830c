import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { Fragment, type ReactNode } from 'react'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import { useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { paths } from '../../paths.ts'
import { Indicator } from '../Indicator.tsx'
import { PlainList } from '../PlainList.tsx'
import { When } from '../Times.tsx'
import { directoryIsStale } from './wanted.ts'

/** The same figure as the alarm's, docs/operate/alarms.md. */
const passOldMs = 30_000

/** Who leads, whether the loop goes round, how old what it knows is, and what is left of AWS's quotas. */
export function EngineState(props: {
  status: ReconcilerStatus
  /** When what AWS said of the directory was taken over last. */
  appliedAt: string | null
}): ReactNode {
  const { t } = useWords()
  const { status } = props
  return (
    <Container header={<Header variant="h2">{t('health.engine')}</Header>}>
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={4}
          items={[
            { label: t('health.leader'), value: <Leader leader={status.leader} /> },
            { label: t('health.pass'), value: <LastPass at={status.lastPassAt} /> },
            { label: t('health.directory'), value: <DirectoryAge {...props} /> },
            {
              label: t('health.watched'),
              value: t('health.watchedEvery', {
                people: status.peopleWatched.people,
                seconds: Math.round(status.peopleWatched.everySeconds),
              }),
            },
          ]}
        />
        <Budget levels={status.awsBudget} />
      </SpaceBetween>
    </Container>
  )
}

function Leader({ leader }: { leader: ReconcilerStatus['leader'] }): ReactNode {
  const { t } = useWords()
  const now = useNow()
  if (leader.holder === null || new Date(leader.expiresAt) <= now) {
    return <Indicator type="error">{t('health.leader.none')}</Indicator>
  }
  return (
    <>
      <div>{leader.holder}</div>
      {leader.since !== null && (
        <div>
          {t('health.leader.since')} <When at={leader.since} />
        </div>
      )}
    </>
  )
}

function LastPass({ at }: { at: string | null }): ReactNode {
  const { t } = useWords()
  const now = useNow()
  const old = at === null || now.getTime() - Date.parse(at) > passOldMs
  return (
    <Indicator type={old ? 'error' : 'success'}>
      {at === null ? t('health.pass.never') : <When at={at} />}
    </Indicator>
  )
}

function DirectoryAge(props: { status: ReconcilerStatus; appliedAt: string | null }): ReactNode {
  const { t } = useWords()
  const { appliedAt } = props
  const stale = directoryIsStale(props.status)
  return (
    <>
      <Indicator type={stale ? 'warning' : 'success'}>
        {appliedAt === null ? t('dir.never') : <When at={appliedAt} />}
      </Indicator>
      <div>
        <Link href={paths.directory}>{t('health.directory.open')}</Link>
      </div>
    </>
  )
}

const bucketWords = {
  'sso-admin': 'health.bucket.engine',
  'sso-admin/other': 'health.bucket.other',
  'sso-admin/contents': 'health.bucket.contents',
  'sso-admin/explore': 'health.bucket.explore',
  organizations: 'health.bucket.organizations',
} as const

function useBucketWord(): (bucket: string) => string {
  const { t } = useWords()
  return (bucket) => {
    const known = Object.entries(bucketWords).find(([name]) => name === bucket)
    return t(known?.[1] ?? 'health.bucket.people')
  }
}

function Budget({ levels }: { levels: ReconcilerStatus['awsBudget'] }): ReactNode {
  const { t } = useWords()
  const word = useBucketWord()
  return (
    <SpaceBetween size="xs">
      <Header variant="h3" description={t('health.budget.lead')}>
        {t('health.budget')}
      </Header>
      <PlainList
        title={t('health.budget')}
        items={levels}
        idOf={({ bucket }) => bucket}
        nothing={t('health.budget.none')}
        columns={[
          {
            id: 'bucket',
            header: t('health.budget.bucket'),
            isRowHeader: true,
            cell: ({ bucket }) => (
              <>
                {word(bucket)} <code>{breakingAtSlashes(bucket)}</code>
              </>
            ),
          },
          { id: 'left', header: t('health.budget.left'), cell: (level) => <Left {...level} /> },
          {
            id: 'second',
            header: t('health.budget.perSecond'),
            cell: ({ perSecond }) => perSecond,
          },
        ]}
      />
    </SpaceBetween>
  )
}

function breakingAtSlashes(name: string): ReactNode {
  const [first, ...others] = name.split('/')
  return (
    <>
      {first}
      {others.map((part) => (
        <Fragment key={part}>
          /<wbr />
          {part}
        </Fragment>
      ))}
    </>
  )
}

function Left({ tokens, burst }: ReconcilerStatus['awsBudget'][number]): ReactNode {
  const { t } = useWords()
  if (tokens >= 0) return t('health.budget.of', { tokens, burst })
  return (
    <Indicator type="warning">
      {t('health.budget.waiting', { count: Math.ceil(-tokens) })}
    </Indicator>
  )
}
