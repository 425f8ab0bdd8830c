import type { PolicyChanged } from '#server/operations/save-policy.ts'

/** The id of a policy that was written at once, and not proposed. */
export async function saved(changing: Promise<PolicyChanged>): Promise<string> {
  const changed = await changing
  if (changed.kind === 'proposed') throw new Error('It was proposed, and not written')
  return changed.id
}

/** Whatever live access ends by it: told of it, whoever changes it says that it is meant. */
export async function confirmingEnds<Result>(
  change: (confirmEnding: number | null) => Promise<Result>,
): Promise<Result> {
  try {
    return await change(null)
  } catch (error) {
    const count = endsIn(error)
    if (count === null) throw error
    return change(count)
  }
}

function endsIn(error: unknown): number | null {
  if (!(error instanceof Error) || !('params' in error)) return null
  const { params } = error
  const has = typeof params === 'object' && params !== null && 'count' in params
  return has && typeof params.count === 'number' ? params.count : null
}
