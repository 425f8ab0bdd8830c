/** What benchmarks say about what they saw. */
import { loadavg } from 'node:os'

export type Print = (line: object) => void

export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** Nearest rank: each figure is one that was seen. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  const shown = (value: number | undefined) => round(value ?? Number.NaN)
  return {
    count: sorted.length,
    p50: shown(at(0.5)),
    p95: shown(at(0.95)),
    max: shown(sorted.at(-1)),
  }
}

export function round(value: number, digits = 2): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

export function countBy<Item>(
  items: Iterable<Item>,
  nameOf: (item: Item) => string,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const name = nameOf(item)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** The machine's own load: times measured above its number of processors are not the program's. */
export function loadNow(): number[] {
  return loadavg().map((load) => round(load))
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}

/** Asks until the answer is not null. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | null> | Answer | null,
  { everyMs = 50, withinMs }: { everyMs?: number; withinMs: number },
): Promise<Answer> {
  const startedMs = performance.now()
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (performance.now() - startedMs > withinMs) {
      throw new Error(`${what}: not within ${Math.round(withinMs / 1000)} seconds`)
    }
    await pause(everyMs)
  }
}
