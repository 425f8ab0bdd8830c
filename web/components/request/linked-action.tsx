/**
 * Mails link to a request with `?decide=approve` (or `reject`, or `do=extend`, `do=return`,
 * `do=revoke`, `do=review`): the dialog opens by itself, but a link never decides. Whoever cannot do
 * it is told why.
 */
import Alert from '@cloudscape-design/components/alert'
import Link from '@cloudscape-design/components/link'
import { type ReactNode, useEffect, useRef } from 'react'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { wordCode } from '../../problems.ts'
import { useMe } from '../../queries.ts'
import { looks } from '../../request-look.ts'
import { usePlace } from '../../router.ts'
import { type ActionName, actionNames, askFor } from '../action-dialog-store.ts'

function useLinked(): ActionName | null {
  const { search } = usePlace()
  const word = search.get('decide') ?? search.get('do')
  return actionNames.find((name) => name === word) ?? null
}

/** Once per arrival: closing the dialog takes the word out of the URL. */
export function useLinkedAction(request: Request | undefined): void {
  const linked = useLinked()
  const asked = useRef<string | null>(null)
  useEffect(() => {
    if (!request || linked === null || asked.current === linked) return
    asked.current = linked
    const offer = request.actions.find(({ name }) => name === linked)
    if (offer?.allowed) askFor({ request, action: linked })
  }, [request, linked])
}

export function LinkedActionNote(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const linked = useLinked()
  const why = useWhyNot(request, linked)
  if (linked === null || why === null) return null
  return (
    <Alert type="info" header={t(`linked.${linked}`)}>
      <div>{why}</div>
      <div>{t('act.stateNow', { status: t(looks[request.status].words) })}</div>
    </Alert>
  )
}

/** Null if it is possible. */
function useWhyNot(request: Request, linked: ActionName | null): ReactNode {
  const { t, times } = useWords()
  const me = useMe()
  const offer = request.actions.find(({ name }) => name === linked)
  if (linked === null || offer?.allowed) return null
  if (offer === undefined) {
    const isOwn = request.requester.userId === me.userId
    return <WhyNotOffered linked={linked} isOwn={isOwn} />
  }
  const last = request.approvals.at(-1)
  return offer.code === 'already_decided' && last
    ? t('act.decidedBy', { name: last.userName, time: times.at(last.at) })
    : wordCode(offer.code ?? '', offer.params ?? {}, t)
}

/** What the server offers not even as impossible is for others: who asked, or who decides. */
function WhyNotOffered(props: { linked: ActionName; isOwn: boolean }): ReactNode {
  const { t } = useWords()
  const { linked, isOwn } = props
  if (['cancel', 'return', 'extend'].includes(linked)) return t('linked.notRequester')
  return (
    <>
      {t(isOwn ? 'code.own_request' : 'linked.notApprover')}{' '}
      <Link href="?tab=who">{t('linked.who')}</Link>
    </>
  )
}
