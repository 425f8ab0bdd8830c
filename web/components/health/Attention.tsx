import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { countsQuery, reconcilerQuery } from '../../queries.ts'
import { wallClock } from '../../time.ts'
import { Indicator } from '../Indicator.tsx'
import { type Wanted, wantedOf } from './wanted.ts'

/** Nothing until both answers are there; whether they are is what `loaded` says. */
export function useWanted(enabled: boolean): { wanted: readonly Wanted[]; loaded: boolean } {
  const { timeZone } = useWords()
  const now = useNow()
  const status = useQuery({ ...reconcilerQuery, enabled })
  const counts = useQuery(countsQuery)
  if (!enabled) return { wanted: [], loaded: true }
  if (!status.data || !counts.data) return { wanted: [], loaded: false }
  const dayOf = (at: Date) => wallClock(at, timeZone).date
  return { wanted: wantedOf(status.data, counts.data, { now, dayOf }), loaded: true }
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
          </li>
        ))}
      </ul>
    </Container>
  )
}
