import type { ReactNode } from 'react'
import type { Proposal } from '#contract/proposal.ts'
import { useWords } from '../i18n.tsx'
import { Indicator } from './Indicator.tsx'

const looks = {
  waiting: { type: 'pending', key: 'proposal.waiting' },
  accepted: { type: 'success', key: 'proposal.accepted' },
  refused: { type: 'stopped', key: 'proposal.refused' },
  withdrawn: { type: 'stopped', key: 'proposal.withdrawn' },
  void: { type: 'stopped', key: 'proposal.void' },
} as const

export function ProposalStatus(props: {
  proposal: Pick<Proposal, 'status' | 'voidReason'>
}): ReactNode {
  const { t } = useWords()
  const { status, voidReason } = props.proposal
  const { type, key } = looks[status]
  const why = { changed: 'proposal.voidChanged', expired: 'proposal.voidExpired' } as const
  return <Indicator type={type}>{t(voidReason === null ? key : why[voidReason])}</Indicator>
}
