/** Which of several requests a word is meant for, and what came of it. Pure. */
import type { Request, SubmissionDecided } from '#contract/request.ts'

export type Verb = 'approve' | 'reject'
export type Result = SubmissionDecided['results'][number]

export function mayDecide(request: Request, verb: Verb): boolean {
  return request.actions.some(({ name, allowed }) => name === verb && allowed)
}

/** What nobody has read may be anything, so it is treated like what may do anything. */
export function needsOwnTick(request: Request, verb: Verb): boolean {
  const level = request.hints?.level ?? 'unknown'
  return verb === 'approve' && (level === 'admin' || level === 'unknown')
}

export function tickedAtFirst(requests: readonly Request[], verb: Verb): ReadonlySet<string> {
  const clear = requests.filter((one) => mayDecide(one, verb) && !needsOwnTick(one, verb))
  return new Set(clear.map(({ id }) => id))
}

/** A submission is one call, and at most twenty requests. */
export function bySubmission(requests: readonly Request[]): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { submissionId, id } of requests) {
    groups.set(submissionId, [...(groups.get(submissionId) ?? []), id])
  }
  return groups
}

/** In the order in which they stand: those of one submission together, where its first one stands. */
export function grouped(requests: readonly Request[]): readonly (readonly Request[])[] {
  return [...Map.groupBy(requests, ({ submissionId }) => submissionId).values()]
}

export interface Tally {
  readonly recorded: number
  /** Decided by others, each with how many. */
  readonly byOthers: readonly { readonly name: string; readonly n: number }[]
  readonly refused: number
}

export function tallyOf(results: readonly Result[]): Tally {
  const names = new Map<string, number>()
  let recorded = 0
  let refused = 0
  for (const { outcome, code, params } of results) {
    const by = code === 'already_decided' ? params?.byName : undefined
    if (outcome !== 'refused') recorded += 1
    else if (typeof by === 'string') names.set(by, (names.get(by) ?? 0) + 1)
    else refused += 1
  }
  return { recorded, refused, byOthers: [...names].map(([name, n]) => ({ name, n })) }
}
