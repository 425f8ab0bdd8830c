import type { Random } from '../model/random.ts'
import type { Fault } from '../model/types.ts'

/** A list as a fault wants it: fewer rows than there are, or no token though there is more. */
export function partialRead(answer: object, fault: Fault, chance: Random): object {
  const { loses, missesPage } = fault
  const members = Object.entries(answer)
    .filter(([name]) => name !== 'NextToken' || missesPage !== true)
    .map(([name, value]) =>
      loses !== undefined && Array.isArray(value)
        ? [name, without(value, loses, chance)]
        : [name, value],
    )
  return Object.fromEntries(members)
}

/** That share of the rows is missing: of 100 a third are 33 or, a third of the time, 34. */
function without(rows: readonly unknown[], share: number, chance: Random): unknown[] {
  const lost = Math.floor(rows.length * share + chance.fraction())
  const left = [...rows]
  for (let at = 0; at < lost; at += 1) left.splice(Math.floor(chance.fraction() * left.length), 1)
  return left
}
