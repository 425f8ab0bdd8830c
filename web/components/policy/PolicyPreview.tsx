/** What saving would do, before it is saved: the server's own comparison, never a guess. */
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type {
  ApproverPreview,
  EligibilityPreview,
  EndingGrant,
  PolicyMatches,
} from '#contract/policy-preview.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { Indicator } from '../Indicator.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import type { PolicyPreviewing } from './use-preview.ts'
import { PolicyWarnings } from './Warnings.tsx'

type AnyPreview = EligibilityPreview | ApproverPreview
type Group = AnyPreview['groups'][number]
type Effect = Group['effects'][number]

const groupsShownMax = 8
const grantsShownMax = 10

/** What lets more people in, or lets them in on less. */
const loosening: readonly Effect[] = [
  'gains',
  'longer',
  'approval_dropped',
  'ticket_dropped',
  'justification_dropped',
  'break_glass_gained',
  'fewer_needed',
  'approvers_added',
  'sets_aside',
  'sets_aside_no_more',
]
const alarming: readonly Effect[] = ['left_with_too_few', 'still_too_few']

export function PolicyPreviewPanel(props: { previewing: PolicyPreviewing }): ReactNode {
  const { t } = useWords()
  const { preview, isFetching, error, retry, isComplete } = props.previewing
  return (
    <Container header={<Header variant="h2">{t('preview.title')}</Header>}>
      <div className="policy-preview" aria-live="polite" aria-busy={isFetching}>
        {!isComplete ? (
          <Box color="text-body-secondary">{t('preview.incomplete')}</Box>
        ) : error ? (
          <LoadFailure error={error} onRetry={retry} />
        ) : preview ? (
          <SpaceBetween size="m">
            <PolicyWarnings warnings={preview.warnings} />
            {preview.matches && <Matches matches={preview.matches} />}
            <Difference preview={preview} />
          </SpaceBetween>
        ) : (
          <Indicator type="loading">{t('word.loading')}</Indicator>
        )}
      </div>
    </Container>
  )
}

function Matches(props: { matches: PolicyMatches }): ReactNode {
  const { t } = useWords()
  const { accounts, permissionSets, patterns } = props.matches
  return (
    <div>
      <Box variant="awsui-key-label">{t('preview.matches')}</Box>
      <div>
        {t('preview.pair', {
          accounts: t('policy.summary.accounts', { count: accounts.count }),
          sets: t('policy.summary.sets', { count: permissionSets.count }),
        })}
      </div>
      {patterns.map(({ pattern, sets }) => (
        <Box key={pattern} variant="small" color="text-body-secondary" display="block">
          {t('preview.pattern', { pattern, names: namesOf(sets, t) })}
        </Box>
      ))}
    </div>
  )
}

function namesOf(names: PolicyMatches['permissionSets'], t: Translate): string {
  const { count, items } = names
  if (count === 0) return t('policy.summary.nothing')
  const shown = items.slice(0, 5).map(({ name }) => name)
  const more = count - shown.length
  return [...shown, ...(more > 0 ? [t('preview.more', { count: more })] : [])].join(', ')
}

/** The same in the panel and in what asks before it is saved. */
export function Difference(props: { preview: AnyPreview }): ReactNode {
  const { t } = useWords()
  const { preview } = props
  const groups: readonly Group[] = preview.groups
  const compared = 'people' in preview ? preview.peopleCompared : preview.accountsCompared
  const count = 'people' in preview ? preview.people : preview.accounts
  return (
    <SpaceBetween size="s">
      {preview.widens.length > 0 && <Indicator type="warning">{t('preview.widens')}</Indicator>}
      {groups.length === 0 && <Indicator type="info">{t('preview.nothing')}</Indicator>}
      {compared < count && (
        <Indicator type="warning">{t('preview.cut', { compared, count })}</Indicator>
      )}
      <ul className="lines">
        {groups.slice(0, groupsShownMax).map((group, index) => (
          // The place is the identity: what is listed is made anew with each answer.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <GroupLine key={index} group={group} />
        ))}
      </ul>
      {preview.groupCount > groupsShownMax && (
        <Box color="text-body-secondary">
          {t('preview.moreGroups', { count: preview.groupCount - groupsShownMax })}
        </Box>
      )}
      {'ending' in preview && preview.ending.count > 0 && <Ending ending={preview.ending} />}
    </SpaceBetween>
  )
}

function GroupLine(props: { group: Group }): ReactNode {
  const { t } = useWords()
  const { group } = props
  const one = ({ count, items }: Group['accounts']) => (count === 1 ? items[0]?.name : undefined)
  const parts = [
    ...('people' in group ? [peopleInWords(group.people, t)] : []),
    one(group.accounts) ?? t('policy.summary.accounts', { count: group.accounts.count }),
    one(group.permissionSets) ?? t('policy.summary.sets', { count: group.permissionSets.count }),
  ]
  return (
    <li>
      <SpaceBetween direction="horizontal" size="xxs">
        {group.effects.map((effect) => (
          <Badge key={effect} color={colorOf(effect)}>
            {t(`effect.${effect}`)}
          </Badge>
        ))}
      </SpaceBetween>
      <div>{parts.join(' × ')}</div>
      <Box variant="small" color="text-body-secondary" display="block">
        <Change group={group} />
      </Box>
    </li>
  )
}

function colorOf(effect: Effect): 'red' | 'severity-medium' | 'blue' {
  if (alarming.includes(effect)) return 'red'
  return loosening.includes(effect) ? 'severity-medium' : 'blue'
}

function peopleInWords(people: { count: number; items: { displayName: string }[] }, t: Translate) {
  const [first] = people.items
  return people.count === 1 && first
    ? first.displayName
    : t('preview.people', { count: people.count })
}

function Change(props: { group: Group }): ReactNode {
  const { t, times } = useWords()
  const { group } = props
  if ('people' in group) {
    const { before, after } = group
    const terms = (side: NonNullable<typeof before>) =>
      t('preview.terms', {
        duration: times.duration(side.maxDurationMinutes),
        approval: t(side.approvalRequired ? 'ask.setApproval' : 'ask.setNoApproval'),
      })
    const sides = [before, after].map((side) => (side ? terms(side) : t('preview.none')))
    return sides.join(' → ')
  }
  const side = ({ approvalsRequired: needed, approverCount: count }: typeof group.before) =>
    t('preview.approvers', { needed, count })
  return `${side(group.before)} → ${side(group.after)}`
}

export function Ending(props: { ending: { count: number; items: readonly EndingGrant[] } }) {
  const { t, times } = useWords()
  const { count, items } = props.ending
  return (
    <div>
      <Indicator type="error">{t('preview.ending', { count })}</Indicator>
      <ul>
        {items.slice(0, grantsShownMax).map((grant) => (
          <li key={grant.requestId}>
            {t('preview.grant', {
              name: grant.displayName,
              set: grant.permissionSetName,
              account: grant.accountName,
            })}
            {grant.endsAt && ` (${times.at(grant.endsAt)})`}
          </li>
        ))}
      </ul>
      {count > grantsShownMax && t('preview.more', { count: count - grantsShownMax })}
    </div>
  )
}
