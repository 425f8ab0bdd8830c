/** Sets of small numbers as bits: a list is a few words, and "is it in both" is one AND a word. */
export type Mask = Uint32Array

export function emptyMask(length: number): Mask {
  return new Uint32Array(Math.ceil(length / 32))
}

export function maskWhere<One>(all: readonly One[], holds: (one: One) => boolean): Mask {
  const mask = emptyMask(all.length)
  for (const [number, one] of all.entries()) if (holds(one)) set(mask, number)
  return mask
}

export function set(mask: Mask, number: number): void {
  mask[number >>> 5] = (mask[number >>> 5] ?? 0) | (1 << (number & 31))
}

export function has(mask: Mask, number: number | null): boolean {
  return number !== null && ((mask[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0
}

export function addAll(into: Mask, from: Mask): void {
  for (let at = 0; at < from.length; at += 1) into[at] = (into[at] ?? 0) | (from[at] ?? 0)
}

/** The other way round: by number, which of the masks hold it. */
export function transposed(masks: readonly Mask[], count: number): Mask[] {
  const byNumber = Array.from({ length: count }, () => emptyMask(masks.length))
  for (const [at, mask] of masks.entries()) {
    eachIn(mask, (number) => {
      const holding = byNumber[number]
      if (holding) set(holding, at)
    })
  }
  return byNumber
}

export function overlap(a: Mask, b: Mask): boolean {
  return a.some((word, at) => (word & (b[at] ?? 0)) !== 0)
}

export function eachIn(mask: Mask, visit: (number: number) => void): void {
  for (let at = 0; at < mask.length; at += 1) {
    for (let rest = mask[at] ?? 0; rest !== 0; rest &= rest - 1) {
      visit(at * 32 + 31 - Math.clz32(rest & -rest))
    }
  }
}

export function countIn(mask: Mask): number {
  let count = 0
  for (const word of mask) count += bitsIn(word)
  return count
}

/** Pairs of bits, then fours, then bytes are added up side by side. */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

export function union(a: Mask, b: Mask): Mask {
  return a.map((word, at) => word | (b[at] ?? 0))
}

export function intersection(a: Mask, b: Mask): Mask {
  return a.map((word, at) => word & (b[at] ?? 0))
}

export function without(a: Mask, b: Mask): Mask {
  return a.map((word, at) => word & ~(b[at] ?? 0))
}

/** Whether everything in `inner` is in `outer` too. */
export function contains(outer: Mask, inner: Mask): boolean {
  return inner.every((word, at) => (word & ~(outer[at] ?? 0)) === 0)
}

export function isEmpty(mask: Mask): boolean {
  return mask.every((word) => word === 0)
}

/** The same one at a time, for who may stop early. */
export function* eachNumberIn(mask: Mask): Generator<number> {
  for (const [at, word] of mask.entries()) {
    for (let rest = word; rest !== 0; rest &= rest - 1)
      yield at * 32 + 31 - Math.clz32(rest & -rest)
  }
}

export function numbersIn(mask: Mask): number[] {
  const numbers: number[] = []
  eachIn(mask, (number) => void numbers.push(number))
  return numbers
}

/**
 * Numbers that none of the masks tells apart, together: each part is whole in every mask or
 * wholly outside it.
 */
export function partition(numbers: readonly number[], masks: readonly Mask[]): number[][] {
  let part = new Int32Array(numbers.length)
  let count = Math.min(1, numbers.length)
  for (const mask of masks) {
    // Everything stands apart already.
    if (count === numbers.length) break
    const renamed = new Int32Array(2 * count).fill(-1)
    const next = new Int32Array(numbers.length)
    let nextCount = 0
    for (const [i, number] of numbers.entries()) {
      const old = 2 * (part[i] ?? 0) + (has(mask, number) ? 1 : 0)
      if (renamed[old] === -1) {
        renamed[old] = nextCount
        nextCount += 1
      }
      next[i] = renamed[old] ?? 0
    }
    part = next
    count = nextCount
  }
  const parts: number[][] = Array.from({ length: count }, () => [])
  for (const [i, number] of numbers.entries()) parts[part[i] ?? 0]?.push(number)
  return parts
}

/** For explaining which numbers a mask holds, in the order in which they are listed. */
export function firstIn<One>(all: readonly One[], mask: Mask, max: number): One[] {
  const found: One[] = []
  eachIn(mask, (number) => {
    const one = all[number]
    if (one !== undefined && found.length < max) found.push(one)
  })
  return found
}
