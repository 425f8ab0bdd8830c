/** What each tab of the explorer shows of a row. */
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import type { ReactNode } from 'react'
import type { AccessApprover, AccessCouldAsk, AccessNow, AccessRow } from '#contract/access.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { approverPath, eligibilityPath, explorePath, requestPath } from '../../paths.ts'
import { setSearch } from '../../router.ts'
import { durationText } from '../../time.ts'
import { Indicator } from '../Indicator.tsx'
import type { Column as PartColumn } from '../PartList.tsx'
import { When } from '../Times.tsx'
import { type ExploreTab, explainText } from './state.ts'

type Column = PartColumn<AccessRow>

/** The other side of the question: people of an account, accounts of a person. */
export function useColumns(tab: ExploreTab, by: 'account' | 'user'): Column[] {
  const { t } = useWords()
  const other: Column =
    by === 'account'
      ? { id: 'person', header: t('explore.person'), minWidth: 180, cell: (row) => person(row, t) }
      : { id: 'account', header: t('explore.account'), minWidth: 180, cell: account }
  if (tab === 'now') return [other, set(t), ...nowColumns(t)]
  if (tab === 'could-ask') return [other, set(t), ...couldAskColumns(t)]
  return [other, ...approverColumns(t)]
}

const small = (text: string) => (
  <Box variant="small" display="block" color="text-body-secondary">
    {text}
  </Box>
)

function person({ person: one }: AccessRow, t: Translate): ReactNode {
  if (one === null) return t('explore.noMembers')
  return (
    <>
      <Link href={explorePath({ user: one.userId })}>{one.displayName}</Link>
      {small(one.userName)}
      {!one.enabled && <Indicator type="stopped">{t('dir.disabled')}</Indicator>}
    </>
  )
}

function account({ accountId, accountName }: AccessRow): ReactNode {
  return (
    <>
      <Link href={explorePath({ account: accountId })}>{accountName}</Link>
      {small(accountId)}
    </>
  )
}

function set(t: Translate): Column {
  return {
    id: 'set',
    header: t('explore.set'),
    minWidth: 150,
    cell: (row) =>
      row.kind === 'approver' ? null : (
        <>
          {row.permissionSetName}
          {small(t(`level.${row.level}`))}
        </>
      ),
  }
}

const of =
  <Kind extends AccessRow['kind']>(
    kind: Kind,
    show: (row: Extract<AccessRow, { kind: Kind }>) => ReactNode,
  ) =>
  (row: AccessRow): ReactNode =>
    // Rows of the tab before stay on screen until those of this one are there.
    row.kind === kind ? show(row as Extract<AccessRow, { kind: Kind }>) : null

function nowColumns(t: Translate): Column[] {
  return [
    {
      id: 'source',
      header: t('explore.source'),
      cell: of('now', (row) => (
        <>
          {t(`explore.source.${row.source}`)}
          {row.group && small(row.group.displayName)}
          {row.request?.breakGlass && <Badge color="red">{t('badge.breakGlass')}</Badge>}
        </>
      )),
    },
    { id: 'request', header: t('explore.request'), cell: of('now', (row) => request(row, t)) },
    {
      id: 'readAt',
      header: t('explore.seen'),
      cell: of('now', (row) =>
        row.readAt === null ? t('explore.unconfirmed') : <When at={row.readAt} />,
      ),
    },
    why(t),
  ]
}

function request({ request: one, source }: AccessNow, t: Translate): ReactNode {
  if (one === null) return source === 'team' ? t('explore.removing') : t('explore.standing')
  const names = one.approvedBy.map(({ userName }) => userName).join(', ')
  return (
    <>
      <Link href={requestPath(one.id)}>{t(`status.${one.status}`)}</Link>
      {small(names === '' ? t('ask.auto') : t('explore.approvedBy', { names }))}
      {one.endsAt && <When at={one.endsAt} />}
    </>
  )
}

function couldAskColumns(t: Translate): Column[] {
  return [
    {
      id: 'longest',
      header: t('explore.longest'),
      cell: of('could-ask', (row) => (
        <>
          {durationText(row.maxDurationMinutes, t)}
          {row.breakGlass &&
            small(
              t('explore.breakGlassFor', {
                duration: durationText(row.breakGlassMaxDurationMinutes ?? 0, t),
              }),
            )}
        </>
      )),
    },
    {
      id: 'approval',
      header: t('explore.approval'),
      minWidth: 160,
      cell: of('could-ask', (row) => approval(row, t)),
    },
    {
      id: 'needs',
      header: t('explore.ticket'),
      cell: of('could-ask', (row) => t(row.ticketRequired ? 'word.yes' : 'word.none')),
    },
    {
      id: 'policies',
      header: t('explore.policies'),
      cell: of('could-ask', (row) => policies(row, eligibilityPath, t)),
    },
    why(t),
  ]
}

function approval(row: AccessCouldAsk, t: Translate): ReactNode {
  if (!row.approvalRequired) return t('ask.auto')
  const more = row.approverGroupCount - row.approverGroups.length
  const groups = row.approverGroups.map(({ displayName }) => displayName).join(', ')
  return (
    <>
      {row.tooFewApprovers ? (
        <Indicator type="error">{t('explore.tooFew')}</Indicator>
      ) : (
        t('ask.who', { needed: row.approvalsRequired, count: row.approverCount })
      )}
      {small(more > 0 ? t('explore.andMore', { names: groups, count: more }) : groups)}
    </>
  )
}

function policies(
  row: AccessCouldAsk | AccessApprover,
  pathOf: (id: string) => string,
  t: Translate,
): ReactNode {
  const more = row.policyCount - row.policyIds.length
  return (
    <>
      {row.policyIds.map((id) => (
        <div key={id}>
          <Link href={pathOf(id)}>{t('ask.whyPolicy', { id: id.slice(0, 8) })}</Link>
        </div>
      ))}
      {more > 0 && small(t('explore.more', { count: more }))}
    </>
  )
}

function approverColumns(t: Translate): Column[] {
  return [
    {
      id: 'sets',
      header: t('explore.decidesOn'),
      minWidth: 160,
      cell: of('approver', (row) => {
        if (row.everyPermissionSet) return t('explore.everySet')
        const more = row.permissionSetCount - row.permissionSetNames.length
        const names = row.permissionSetNames.join(', ')
        return more > 0 ? t('explore.andMore', { names, count: more }) : names
      }),
    },
    {
      id: 'groups',
      header: t('explore.byGroup'),
      cell: of('approver', (row) => {
        const names = row.groups.map(({ displayName }) => displayName).join(', ')
        const more = row.groupCount - row.groups.length
        return more > 0 ? t('explore.andMore', { names, count: more }) : names
      }),
    },
    {
      id: 'needed',
      header: t('explore.needed'),
      cell: of('approver', (row) => row.approvalsRequired),
    },
    {
      id: 'policies',
      header: t('explore.policies'),
      cell: of('approver', (row) => policies(row, approverPath, t)),
    },
  ]
}

function why(t: Translate): Column {
  return {
    id: 'why',
    header: t('ask.why'),
    minWidth: 100,
    cell: (row) => {
      if (row.kind === 'approver' || row.person === null) return null
      const { accountId, permissionSetArn } = row
      const explained = { userId: row.person.userId, accountId, permissionSetArn }
      return (
        <Button
          variant="inline-link"
          wrapText={false}
          ariaLabel={t('explore.whyOne', {
            name: row.person.displayName,
            set: row.permissionSetName,
            account: row.accountName,
          })}
          onClick={() => setSearch({ explain: explainText(explained) })}
        >
          {t('ask.why')}
        </Button>
      )
    },
  }
}
