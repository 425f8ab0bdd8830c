import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { ProposalSent } from '#contract/proposal.ts'
import { expiresProposal } from '#core/proposal.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import {
  insertProposal,
  loadProposal,
  type ProposedChange,
  type Voided,
  voidExpiredProposals,
  voidProposalsOf,
} from '#server/store/proposals.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Authority } from './authority.ts'
import { noSuchProposal } from './read-proposals.ts'

export interface ProposePorts {
  readonly tellOverseers: TellOverseers
}

/** Nothing is changed: it is kept until another administrator says yes. Answers its id. */
export async function proposeChange(
  ports: ProposePorts,
  c: Change,
  { author, authorActor, byServiceToken }: Authority,
  proposed: ProposedChange,
): Promise<string> {
  const id = randomUUID()
  const { userId, userName } = author.person
  const expiresAt = expiresProposal(c.at)
  const by = { author: { userId, userName }, authorActor, byServiceToken }
  await insertProposal(c, { ...proposed, ...by, id, expiresAt })
  const { object, verb, baseVersion, before, after, changed, widens } = proposed
  c.event({
    actor: authorActor,
    action: 'proposal.propose',
    object: { type: 'proposal', id, version: 1 },
    payload: {
      object,
      verb,
      baseVersion,
      before,
      after,
      changed,
      widens,
      authorId: userId,
      expiresAt: expiresAt.toISOString(),
    },
  })
  await ports.tellOverseers(c, { event: 'change_proposed', facts: { proposalId: id } })
  return id
}

/** What was proposed of something that is another now would be carried out on what nobody saw. */
export async function voidStale(c: Change, object: ProposedChange['object']): Promise<void> {
  for (const voided of await voidProposalsOf(c, object)) tellVoid(c, voided, 'changed')
}

const expiredAtOnceMax = 50

/** Called by the leader's timer; those beyond the limit wait for the next call. */
export async function expireProposals(db: Kysely<Schema>, now: Date): Promise<number> {
  return change(db, now, async (c) => {
    const expired = await voidExpiredProposals(c, expiredAtOnceMax)
    for (const voided of expired) tellVoid(c, voided, 'expired')
    return expired.length
  })
}

function tellVoid(c: Change, { id, version, authorId }: Voided, reason: 'changed' | 'expired') {
  c.event({
    actor: systemActor,
    action: 'proposal.void',
    object: { type: 'proposal', id, version },
    payload: { reason, authorId },
  })
}

/** What is answered in place of the thing that was not changed. */
export async function readProposalSent(
  { db }: { readonly db: Kysely<Schema> },
  id: string,
): Promise<ProposalSent> {
  const proposal = await loadProposal(db, id)
  if (proposal === null) throw noSuchProposal()
  const { state, widens, expiresAt } = proposal
  return {
    proposalId: id,
    status: state,
    widens: [...widens],
    expiresAt: expiresAt.toISOString(),
  }
}
