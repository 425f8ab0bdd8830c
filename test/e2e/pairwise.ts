/** A choice for each visit so that, over all of them, every two values of two factors met once. */
import { type Role, roles, type Visit } from './visits.ts'

export interface Look {
  readonly role: Role
  readonly locale: 'en-US' | 'ja-JP'
  readonly colorScheme: 'light' | 'dark'
  readonly width: 1280 | 390
}

export const looks: readonly Look[] = roles.flatMap((role) =>
  (['en-US', 'ja-JP'] as const).flatMap((locale) =>
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      ([1280, 390] as const).map((width) => ({ role, locale, colorScheme, width })),
    ),
  ),
)

export function pairsOf(look: Look): string[] {
  const values = Object.values(look)
  return values.flatMap((one, at) => values.slice(at + 1).map((other) => `${one} ${other}`))
}

/** Greedy: the look that meets most pairs which were met least so far. */
export function pairwise(visits: readonly Visit[]): { visit: Visit; look: Look }[] {
  const met = new Map<string, number>()
  return visits.map((visit) => {
    const gains = looks
      .filter(({ role }) => visit.roles.includes(role))
      .map((look) => ({
        look,
        gain: pairsOf(look).reduce((sum, pair) => sum + 4 ** -Math.min(met.get(pair) ?? 0, 8), 0),
      }))
    const [best] = gains.toSorted((a, b) => b.gain - a.gain)
    if (best === undefined) throw new Error(`Nobody visits ${visit.name}`)
    for (const pair of pairsOf(best.look)) met.set(pair, (met.get(pair) ?? 0) + 1)
    return { visit, look: best.look }
  })
}
