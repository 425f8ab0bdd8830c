import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import { useMutation, useQuery } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import type { Request } from '#contract/request.ts'
import type { SavedRequest } from '#contract/saved-request.ts'
import { call, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { queryClient, savedRequestsQuery } from '../../queries.ts'
import { wordRefusal } from '../../remedies.ts'
import { type AgainOffer, againOffers } from './again.ts'

/** Loaded when it is asked for: the first page need not wait for a form. */
const AskAgainDialog = lazy(async () => ({
  default: (await import('./AskAgainDialog.tsx')).AskAgainDialog,
}))

export function AskAgain(props: { mine: readonly Request[] }): ReactNode {
  const { t } = useWords()
  const saved = useQuery(savedRequestsQuery)
  const [open, setOpen] = useState<AgainOffer | null>(null)
  const offers = againOffers(saved.data?.items ?? [], props.mine)
  if (offers.length === 0) return null
  return (
    <Container
      header={
        <Header variant="h2" description={t('home.againText')}>
          {t('home.again')}
        </Header>
      }
    >
      <ul className="lines">
        {offers.map((offer) => (
          <li key={offer.key}>
            <Offer offer={offer} onOpen={() => setOpen(offer)} />
          </li>
        ))}
      </ul>
      {open && (
        <Suspense fallback={null}>
          <AskAgainDialog key={open.key} offer={open} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </Container>
  )
}

function Offer(props: { offer: AgainOffer; onOpen: () => void }): ReactNode {
  const { t, times } = useWords()
  const { offer } = props
  const [first, ...others] = offer.targets
  if (!first) return null
  const target = t('target.name', { set: first.permissionSetName, account: first.accountName })
  const whole = others.length === 0 ? target : t('home.targetAndMore', { target, n: others.length })
  const name = offer.name ?? target
  return (
    <div className="line">
      <div>
        {offer.name === null ? target : <b>{offer.name}</b>}
        <Box variant="small" display="block" color="text-body-secondary">
          {offer.name === null ? first.accountId : whole}
        </Box>
      </div>
      <div>
        {times.duration(offer.durationMinutes)}
        {offer.saved && (
          <Box variant="small" display="block" color="text-body-secondary">
            {t(offer.saved.kind === 'template' ? 'home.template' : 'home.favourite')}
          </Box>
        )}
      </div>
      <div className="line-end">
        <Button
          variant="inline-link"
          ariaLabel={t('act.againOf', { target: name })}
          onClick={props.onOpen}
        >
          {t('home.again')}
        </Button>
        {offer.saved?.mayDelete && <DeleteButton saved={offer.saved} />}
      </div>
    </div>
  )
}

function DeleteButton(props: { saved: SavedRequest }): ReactNode {
  const { t } = useWords()
  const { id, name, version } = props.saved
  const deleting = useMutation({
    mutationFn: () =>
      call('DELETE', `/saved-requests/${encodeURIComponent(id)}`, { ifMatch: version }),
    onSuccess: () => flash({ type: 'success', text: t('home.favouriteDeleted', { name }) }),
    onError: (error) => flash({ type: 'error', text: wordRefusal(failureOf(error), t) }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: savedRequestsQuery.queryKey }),
  })
  return (
    <Button
      variant="icon"
      iconName="remove"
      loading={deleting.isPending}
      ariaLabel={t('home.deleteFavourite', { name })}
      onClick={() => deleting.mutate()}
    />
  )
}
