import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'
import { countsQuery, reconcilerQuery, requestsQuery } from '../../queries.ts'
import { daysAsInstants, wallClock } from '../../time.ts'
import { Indicator } from '../Indicator.tsx'
import { targetName } from '../Target.tsx'
import { type Wanted, wantedOf } from './wanted.ts'

interface Watched {
  readonly wanted: readonly Wanted[]
  /** Both answers are there. */
  readonly loaded: boolean
  /** Nothing more comes for now, be it that an answer failed. */
  readonly settled: boolean
}

export function useWanted(enabled: boolean): Watched {
  const { timeZone } = useWords()
  const now = useNow()
  const status = useQuery({ ...reconcilerQuery, enabled })
  const counts = useQuery(countsQuery)
  if (!enabled) return { wanted: [], loaded: true, settled: true }
  if (!status.data || !counts.data) {
    return { wanted: [], loaded: false, settled: status.isError || counts.isError }
  }
  const dayOf = (at: Date) => wallClock(at, timeZone).date
  const wanted = wantedOf(status.data, counts.data, { now, dayOf })
  return { wanted, loaded: true, settled: true }
}

export function Attention(props: { wanted: readonly Wanted[] }): ReactNode {
  const { t } = useWords()
  if (props.wanted.length === 0) return null
  return (
    <Container header={<Header variant="h2">{t('wanted.title')}</Header>}>
      <ul className="plain-list">
        {props.wanted.map(({ key, count, type, href }) => (
          <li key={key}>
            <Indicator type={type}>
              <Link href={href}>{t(key, { count })}</Link>
            </Indicator>
            {key === 'wanted.failed' && <Failed href={href} />}
          </li>
        ))}
      </ul>
    </Container>
  )
}

/** Which they are, the last few. */
function Failed(props: { href: string }): ReactNode {
  const { t, times, timeZone } = useWords()
  const now = useNow()
  const from = new URLSearchParams(props.href.split('?')[1]).get('from')
  const days = daysAsInstants({ from, to: null }, timeZone)
  const { data } = useQuery(requestsQuery({ view: 'all', status: 'failed', limit: 3, ...days }))
  if (data === undefined) return null
  return (
    <ul className="plain-list">
      {data.items.map((request) => (
        <li key={request.id}>
          <Link href={requestPath(request.id)}>
            {request.requester.displayName}: {targetName(request, t)}
          </Link>{' '}
          <Box variant="small" display="inline">
            {times.relative(request.endedAt ?? request.createdAt, now)}
          </Box>
        </li>
      ))}
    </ul>
  )
}
