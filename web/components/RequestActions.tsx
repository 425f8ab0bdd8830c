import Button, { type ButtonProps } from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { type Translate, useWords } from '../i18n.tsx'
import { wordCode } from '../problems.ts'
import { type ActionName, actionNames, askFor } from './action-dialog-store.ts'
import { targetName } from './Target.tsx'

interface Offer {
  readonly name: ActionName
  readonly allowed: boolean
  readonly reason: string | null
}

/** Codes that say "too early" or "too late": the status already says so, a dead button adds nothing. */
const saidByStatus = [
  'not_granted_yet',
  'not_active_yet',
  'already_active',
  'already_ending',
  'already_over',
  'not_pending',
  'already_decided',
]

/** What the server offers, in its order; what the status rules out is absent, the rest has a reason. */
export function offersOf(request: Request, t: Translate): Offer[] {
  const offers: Offer[] = []
  for (const action of request.actions) {
    const name = actionNames.find((one) => one === action.name)
    const code = action.code ?? ''
    if (!name || (!action.allowed && saidByStatus.includes(code))) continue
    const reason = action.allowed ? null : wordCode(code, action.params ?? {}, t)
    offers.push({ name, allowed: action.allowed, reason })
  }
  return offers
}

/** `row`: small buttons whose accessible names say what they are about; a page shows one request. */
export function RequestActions(props: {
  request: Request
  place: 'page' | 'row'
  only?: readonly ActionName[]
}): ReactNode {
  const { t } = useWords()
  const { request, place, only } = props
  const offers = offersOf(request, t).filter((offer) => !only || only.includes(offer.name))
  if (offers.length === 0) return null
  const variant = (name: ActionName): ButtonProps.Variant => {
    if (place === 'row') return 'inline-link'
    return name === 'approve' ? 'primary' : 'normal'
  }
  const name = request.requester.displayName
  const target = targetName(request, t)
  return (
    <SpaceBetween direction="horizontal" size={place === 'row' ? 's' : 'xs'}>
      {offers.map((offer) => (
        <Button
          key={offer.name}
          variant={variant(offer.name)}
          disabled={!offer.allowed}
          {...(offer.reason === null ? {} : { disabledReason: offer.reason })}
          {...(place === 'row' ? { ariaLabel: t(`act.${offer.name}Of`, { target, name }) } : {})}
          onClick={() => askFor({ request, action: offer.name })}
        >
          {t(`act.${offer.name}`)}
        </Button>
      ))}
    </SpaceBetween>
  )
}
