import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Proposal, ProposalDetail, ProposalPage } from '#contract/proposal.ts'
import type { GroupId, UserId } from '#core/ids.ts'
import { fieldThatWidens, type WideningReason } from '#core/policy-difference.ts'
import {
  actionsOnProposal,
  type ProposalFacts,
  type ProposalState,
  type ProposalViewer,
  proposalStates,
  stateAt,
} from '#core/proposal.ts'
import { loadExcerpt } from '#server/store/directory-excerpt.ts'
import { loadPeople } from '#server/store/people.ts'
import { listProposals, loadProposal, type StoredProposal } from '#server/store/proposals.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rolesIn } from './actor.ts'
import type { Clock } from './making-changes.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { Refused } from './refused.ts'

export interface ReadProposalPorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
  readonly clock: Clock
}

export interface ProposalsAsked {
  readonly status?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

const Place = z.tuple([z.iso.datetime(), z.uuid()])

export async function readProposals(
  ports: ReadProposalPorts,
  actor: Actor,
  { status, limit, cursor }: ProposalsAsked,
): Promise<ProposalPage> {
  const place = decodeCursor(cursor, Place)
  const after = place && { proposedAt: new Date(place[0]), id: place[1] }
  const now = await ports.clock.now()
  const states = status === undefined ? null : status.split(',').filter(isState)
  const found = await listProposals(ports.db, { states, now, limit, after })
  const page = pageOf(found, limit, (last) => [last.proposedAt.toISOString(), last.id])
  return { ...page, items: await showProposals(ports, actor, page.items) }
}

function isState(name: string): name is ProposalState {
  return proposalStates.some((state) => state === name)
}

export async function readProposal(
  ports: ReadProposalPorts,
  actor: Actor,
  id: string,
): Promise<ProposalDetail> {
  const stored = await loadProposal(ports.db, id)
  const [shown] = stored ? await showProposals(ports, actor, [stored]) : []
  if (stored === null || shown === undefined) throw noSuchProposal()
  const { before, after } = stored
  return {
    ...shown,
    before: before && { ...before },
    after: after && { ...after },
    differences: differencesOf(stored),
  }
}

export function noSuchProposal(): Refused {
  return new Refused('not_found', { detail: 'There is no such proposal. Look at the list.' })
}

function differencesOf({ object, changed, widens, before, after }: StoredProposal) {
  const wider = new Set(object.type === 'setting' ? widens : widens.map(fieldOf))
  return changed.map((field) => ({
    field,
    ...(before && { before: valueAt(before, field) }),
    ...(after && { after: valueAt(after, field) }),
    widens: wider.has(field),
  }))
}

function fieldOf(reason: string): string {
  const known: Readonly<Record<string, string>> = fieldThatWidens satisfies Record<
    WideningReason,
    string
  >
  return known[reason] ?? reason
}

function valueAt(whole: object, field: string): unknown {
  return new Map<string, unknown>(Object.entries(whole)).get(field) ?? null
}

export function viewerOfProposal({ person, roles, token }: Actor): ProposalViewer {
  return { userId: person.userId, enabled: person.enabled, roles, byToken: token !== undefined }
}

/** What the rules must know of it; whether its author administers is said by `rules` and replica. */
export function proposalFacts(stored: StoredProposal, authorIsAdmin: boolean): ProposalFacts {
  const { state, voidReason, expiresAt, author, decided } = stored
  return {
    state,
    voidReason,
    expiresAt,
    authorId: author.userId,
    authorIsAdmin,
    decided: decided && { byName: decided.userName, at: decided.at },
  }
}

export async function adminsAmong(
  db: Kysely<Schema>,
  rules: Rules,
  userIds: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const people = await loadPeople(db, userIds)
  const admins = [...people.values()].filter((person) => rolesIn(rules, person).has('admin'))
  return new Set(admins.map(({ userId }) => userId))
}

async function showProposals(
  ports: ReadProposalPorts,
  actor: Actor,
  stored: readonly StoredProposal[],
): Promise<Proposal[]> {
  const rules = await ports.rules.load(ports.db)
  const now = await ports.clock.now()
  const authors = stored.map(({ author }) => author.userId)
  const admins = await adminsAmong(ports.db, rules, [...new Set(authors)])
  const subjects = stored.flatMap((one) => subjectOf(one) ?? [])
  const excerpt = await loadExcerpt(ports.db, {
    userIds: subjects.filter(({ type }) => type === 'user').map(({ id }) => id as UserId),
    groupIds: subjects.filter(({ type }) => type === 'group').map(({ id }) => id as GroupId),
    ouIds: [],
  })
  const viewer = viewerOfProposal(actor)
  return stored.map((one) => {
    const { decided, author } = one
    const facts = proposalFacts(one, admins.has(author.userId))
    const { state, voidReason } = stateAt(facts, now)
    const subject = subjectOf(one)
    return {
      id: one.id,
      version: one.version,
      status: state,
      voidReason,
      object: { ...one.object, version: one.baseVersion },
      verb: one.verb,
      subject: subject && { ...subject, name: excerpt.nameOf(subject.id) },
      changed: [...one.changed],
      widens: [...one.widens],
      proposedBy: { ...author },
      proposedAt: one.proposedAt.toISOString(),
      expiresAt: one.expiresAt.toISOString(),
      decidedBy: decided && { userId: decided.userId, userName: decided.userName },
      decidedAt: decided?.at.toISOString() ?? null,
      comment: one.comment,
      actions: actionsOnProposal(facts, viewer, now).map(({ params, ...hint }) => ({
        ...hint,
        ...(params && { params: { ...params } }),
      })),
    }
  })
}

const WithSubject = z.object({
  subject: z.object({ type: z.enum(['user', 'group']), id: z.string() }),
})

function subjectOf({ after, before }: StoredProposal) {
  return WithSubject.safeParse(after ?? before).data?.subject ?? null
}
