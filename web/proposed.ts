/** What a change answers that waits for a second administrator, in place of what it changed. */
import type { ProposalSent } from '#contract/proposal.ts'
import { flash } from './flash.ts'
import type { Translate } from './i18n.tsx'
import { proposalPath } from './paths.ts'
import { queryClient } from './queries.ts'

export function isProposed(answer: unknown): answer is ProposalSent {
  return typeof answer === 'object' && answer !== null && 'proposalId' in answer
}

export function flashProposed({ proposalId }: ProposalSent, t: Translate): void {
  void queryClient.invalidateQueries({ queryKey: ['proposals'] })
  void queryClient.invalidateQueries({ queryKey: ['counts'] })
  flash({
    type: 'info',
    text: t('proposal.sent'),
    link: { href: proposalPath(proposalId), text: t('proposal.open') },
  })
}
