/**
 * The word on a proposal (the domain's "Nobody widens for themselves"). Confirm first, lock second:
 * that accepter and author are enabled administrators is asked of AWS while nothing is locked; then
 * the rules and the proposal are locked, everything is judged again, and the change goes the very
 * way that it would have gone without a second administrator, as of now.
 */
import { SettingsPatch } from '#contract/settings.ts'
import type { Person } from '#core/facts.ts'
import type { PolicyId } from '#core/ids.ts'
import { type ProposalAction, refuseOnProposal } from '#core/proposal.ts'
import { refusal } from '#core/refusals.ts'
import type { Change } from '#server/store/change.ts'
import { loadPeople, type PersonInReplica } from '#server/store/people.ts'
import { decideProposal, loadProposal, type StoredProposal } from '#server/store/proposals.ts'
import { lockRules, type Rules } from '#server/store/rules.ts'
import { type Actor, eventActorOf, rolesIn } from './actor.ts'
import type { Authority } from './authority.ts'
import { type ChangeSettingsPorts, editSettings } from './change-settings.ts'
import { parseComment } from './comments.ts'
import { type ConfirmPeople, confirmWith } from './confirming.ts'
import { makeChange } from './making-changes.ts'
import { approverKind, eligibilityKind, type KindOfPolicy } from './policy-kinds.ts'
import { noSuchProposal, proposalFacts, viewerOfProposal } from './read-proposals.ts'
import { Refused } from './refused.ts'
import { editPolicy } from './save-policy.ts'
import { inWords, refusedWith } from './words.ts'

export interface DecideProposalPorts extends ChangeSettingsPorts {
  readonly confirmPeople: ConfirmPeople
}

export interface ProposalDecisionAsked {
  readonly actor: Actor
  readonly id: string
  readonly comment?: string | null | undefined
  /** How many live grants may end by it, where its author said another number. */
  readonly confirmEnding?: number | undefined
}

const confirmedAgeSecondsMax = 60
/** Asked for a little younger, so that it is still young enough when the rows are locked. */
const confirmedAgeSecondsAsked = 50

export async function acceptProposal(
  ports: DecideProposalPorts,
  asked: ProposalDecisionAsked,
): Promise<void> {
  const comment = parseComment(asked.comment, { required: false })
  const { author } = await refuseEarly(ports, 'accept', asked)
  await confirmWith(ports.confirmPeople, [asked.actor.person.userId, author.userId], {
    maxAgeSeconds: confirmedAgeSecondsAsked,
    about: 'you and the one who proposed this',
  })
  await makeChange(ports, async (c) => {
    await lockRules(c.tx)
    const locked = await lockAndJudge(ports, c, 'accept', asked)
    const { proposal, accepter } = locked
    const by = { userId: accepter.userId, userName: accepter.userName }
    const version = await decideProposal(c, { id: proposal.id, state: 'accepted', by, comment })
    record(c, { action: 'proposal.accept', asked, proposal, version, comment })
    const authority: Authority = {
      author: { person: locked.author, roles: rolesIn(locked.rules, locked.author) },
      authorActor: proposal.authorActor,
      accepted: { proposalId: proposal.id, accepter: by },
      byServiceToken: proposal.byServiceToken,
    }
    await carryOut(ports, c, authority, {
      proposal,
      confirmEnding: asked.confirmEnding ?? proposal.confirmEnding,
    })
  })
}

/** Says no to it: another administrator refuses, its author withdraws. */
export async function dropProposal(
  ports: DecideProposalPorts,
  action: 'refuse' | 'withdraw',
  asked: ProposalDecisionAsked,
): Promise<void> {
  const comment = parseComment(asked.comment, { required: false })
  const { userId, userName } = asked.actor.person
  await makeChange(ports, async (c) => {
    const { proposal } = await lockAndJudge(ports, c, action, asked)
    const state = action === 'refuse' ? 'refused' : 'withdrawn'
    const by = { userId, userName }
    const version = await decideProposal(c, { id: proposal.id, state, by, comment })
    record(c, { action: `proposal.${action}`, asked, proposal, version, comment })
  })
}

/** What is refused anyhow is refused before AWS is asked. */
async function refuseEarly(
  ports: DecideProposalPorts,
  action: ProposalAction,
  { actor, id }: ProposalDecisionAsked,
): Promise<StoredProposal> {
  const proposal = await loadProposal(ports.db, id)
  if (proposal === null) throw noSuchProposal()
  // Whether its author administers is asked of AWS first.
  const facts = proposalFacts(proposal, true)
  refuse(refuseOnProposal(action, facts, viewerOfProposal(actor), await ports.clock.now()))
  return proposal
}

interface Locked {
  readonly rules: Rules
  readonly proposal: StoredProposal
  readonly author: Person
  readonly accepter: Person
}

async function lockAndJudge(
  ports: DecideProposalPorts,
  c: Change,
  action: ProposalAction,
  { actor, id }: ProposalDecisionAsked,
): Promise<Locked> {
  const proposal = await loadProposal(c.tx, id, { lock: true })
  if (proposal === null) throw noSuchProposal()
  const rules = await ports.rules.load(c.tx)
  const people = await loadPeople(c.tx, [actor.person.userId, proposal.author.userId])
  const accepter = people.get(actor.person.userId)
  const author = people.get(proposal.author.userId)
  if (accepter === undefined || author === undefined) throw refusedWith(refusal('person_disabled'))
  if (action === 'accept' && ![accepter, author].every((one) => isConfirmed(one, c.at))) {
    throw refusedWith(refusal('unconfirmed_with_aws'))
  }
  const facts = proposalFacts(proposal, rolesIn(rules, author).has('admin'))
  const viewer = { ...viewerOfProposal(actor), enabled: accepter.enabled }
  const roles = actor.token === undefined ? rolesIn(rules, accepter) : actor.roles
  refuse(refuseOnProposal(action, facts, { ...viewer, roles }, c.at))
  return { rules, proposal, author, accepter }
}

function isConfirmed({ readAt }: PersonInReplica, at: Date): boolean {
  // A time far ahead is from before the clock was set back.
  return Math.abs(at.getTime() - readAt.getTime()) <= confirmedAgeSecondsMax * 1000
}

function refuse(refused: ReturnType<typeof refuseOnProposal>): void {
  if (refused === null) return
  if (refused.code !== 'version_conflict') throw refusedWith(refused)
  throw staleProposal()
}

/** Nobody sent a version, so it is a conflict and no failed precondition. */
function staleProposal(): Refused {
  return new Refused('version_conflict', {
    status: 409,
    detail:
      'What this would change has been changed since it was proposed, so it is void. Look at how it is now, and propose it anew.',
    params: { reason: 'proposal_stale' },
  })
}

interface Recorded {
  readonly action: string
  readonly asked: ProposalDecisionAsked
  readonly proposal: StoredProposal
  readonly version: number
  readonly comment: string | null
}

function record(c: Change, { action, asked, proposal, version, comment }: Recorded): void {
  const { object, verb, baseVersion, widens, author } = proposal
  c.event({
    actor: eventActorOf(asked.actor),
    action,
    object: { type: 'proposal', id: proposal.id, version },
    payload: { object, verb, baseVersion, widens, author, comment },
  })
}

interface CarriedOut {
  readonly proposal: StoredProposal
  readonly confirmEnding: number | null
}

async function carryOut(
  ports: DecideProposalPorts,
  c: Change,
  authority: Authority,
  { proposal, confirmEnding }: CarriedOut,
): Promise<void> {
  const { object, body, baseVersion } = proposal
  switch (object.type) {
    case 'eligibility-policy':
      return carryOutPolicy(ports, c, eligibilityKind, authority, { proposal, confirmEnding })
    case 'approver-policy':
      return carryOutPolicy(ports, c, approverKind, authority, { proposal, confirmEnding })
    case 'setting': {
      const patch = parsed(SettingsPatch.safeParse(body))
      await editSettings(ports, c, { authority, patch, version: baseVersion }).catch(sayStale)
      return
    }
    default:
      return object.type satisfies never
  }
}

async function carryOutPolicy<Policy extends { id: PolicyId; version: number }, Body, Shown>(
  ports: DecideProposalPorts,
  c: Change,
  kind: KindOfPolicy<Policy, Body, Shown>,
  authority: Authority,
  { proposal, confirmEnding }: CarriedOut,
): Promise<void> {
  const { verb, object, baseVersion } = proposal
  await editPolicy(ports, c, kind, {
    authority,
    verb,
    id: object.id as PolicyId,
    version: baseVersion,
    body: verb === 'delete' ? null : parsed(kind.body.safeParse(proposal.body)),
    confirmEnding,
  }).catch(sayStale)
}

function sayStale(error: unknown): never {
  if (error instanceof Refused && ['version_conflict', 'not_found'].includes(error.code)) {
    throw staleProposal()
  }
  throw error
}

/** It was whole when it was kept; a later version of TEAM may ask for more. */
function parsed<Value>(result: { success: true; data: Value } | { success: false }): Value {
  if (result.success) return result.data
  const refused = refusal('malformed', { expected: 'proposal' })
  throw new Refused('malformed', {
    detail: `${inWords(refused)} Refuse it, and propose it anew.`,
    params: refused.params,
    status: 409,
  })
}
