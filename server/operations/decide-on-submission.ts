/**
 * One word on all requests of a submission. Each is decided as if it were alone, in a transaction of
 * its own and by the same operation: what refuses one says nothing about the others, and should the
 * process die half-way, saying it again decides the rest.
 */
import type { SubmissionDecided } from '#contract/request.ts'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import { requestIdsOfSubmission } from '#server/store/request-searches.ts'
import { loadRequests } from '#server/store/requests.ts'
import type { Actor } from './actor.ts'
import { parseComment } from './comments.ts'
import { type DecidePorts, decideOnRequest } from './decide-on-request.ts'
import { readRequests } from './read-request.ts'
import { Refused } from './refused.ts'
import { maySee, noSuchRequest } from './rights-on-request.ts'

export interface DecideOnSubmission {
  readonly actor: Actor
  readonly submissionId: SubmissionId
  readonly comment: string | null
  readonly vote: 'approved' | 'rejected'
  /** Absent: all of it that the person may see. */
  readonly requestIds?: readonly RequestId[] | undefined
}

export async function decideOnSubmission(
  ports: DecidePorts,
  input: DecideOnSubmission,
): Promise<SubmissionDecided> {
  const { actor, submissionId, comment, vote } = input
  const ids = await chosenIds(ports, input)
  const { settings } = await ports.rules.load(ports.db)
  // Wrong for one, it is wrong for all: said once, before anything is decided.
  parseComment(comment, { required: settings.commentRequired })
  const refusals = new Map<RequestId, Refused>()
  for (const requestId of ids) {
    const refused = await decide(ports, { actor, requestId, comment, vote })
    if (refused) refusals.set(requestId, refused)
  }
  refuseIfNotTheirs(ids, refusals)
  const after = await readRequests(ports, actor, ids)
  return {
    submissionId,
    results: after.map((request) => {
      const refused = refusals.get(request.id as RequestId)
      if (!refused) return { requestId: request.id, outcome: vote, request }
      const { code, params, message: detail } = refused
      return { requestId: request.id, outcome: 'refused', code, params, detail, request }
    }),
  }
}

async function chosenIds(ports: DecidePorts, input: DecideOnSubmission): Promise<RequestId[]> {
  const { actor, submissionId, requestIds } = input
  const rules = await ports.rules.load(ports.db)
  const stored = await loadRequests(ports.db, await requestIdsOfSubmission(ports.db, submissionId))
  const visible = stored.filter((one) => maySee(rules, actor, one)).map(({ id }) => id)
  const isHidden = requestIds?.some((id) => !visible.includes(id)) ?? false
  if (visible.length === 0 || isHidden) throw noSuchRequest()
  return visible.filter((id) => requestIds?.includes(id) ?? true)
}

async function decide(
  ports: DecidePorts,
  input: Parameters<typeof decideOnRequest>[1],
): Promise<Refused | null> {
  try {
    await decideOnRequest(ports, input)
    return null
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
}

/** What a person may see and in no part decide is refused as a whole, like a single one. */
function refuseIfNotTheirs(
  ids: readonly RequestId[],
  refusals: ReadonlyMap<RequestId, Refused>,
): void {
  const all = ids.map((id) => refusals.get(id))
  const [first] = all
  if (first && all.every((one) => one?.status === 403)) throw first
}
