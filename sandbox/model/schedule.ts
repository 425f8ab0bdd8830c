import type { Instant } from './types.ts'

interface Span {
  startsAt: Instant
  dueAt: Instant
}

/** The first instant from `from` on when work that long fits beside the others, `max` at once. */
export function firstFit(
  others: readonly Span[],
  wanted: { from: Instant; workMs: number; max: number },
): Instant {
  const { from, workMs, max } = wanted
  if (others.length < max) return from
  const steps = others.flatMap(({ startsAt, dueAt }) => [
    { at: startsAt, change: 1 },
    { at: dueAt, change: -1 },
  ])
  // What ends makes room for what begins at the same instant.
  steps.sort((one, other) => one.at - other.at || one.change - other.change)
  let busy = 0
  let candidate: Instant | null = from
  for (const { at, change } of steps) {
    if (candidate !== null && at >= candidate + workMs) return candidate
    busy += change
    if (busy >= max) candidate = null
    else candidate ??= Math.max(at, from)
  }
  return candidate ?? from
}
