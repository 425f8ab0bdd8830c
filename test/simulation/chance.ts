/** A seed's dice: small, fast, and the same numbers for the same seed for ever (splitmix32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0
    for (let warm = 0; warm < 3; warm += 1) this.fraction()
  }

  /** In [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1))
  }

  once(inHowMany: number): boolean {
    return this.fraction() * inHowMany < 1
  }

  one<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length - 1)]
    if (item === undefined) throw new Error('Nothing to draw from')
    return item
  }

  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = [...items]
    const drawn: Item[] = []
    while (drawn.length < count && left.length > 0) {
      drawn.push(...left.splice(this.between(0, left.length - 1), 1))
    }
    return drawn
  }

  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][]
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return this.one(entries)[0]
  }

  uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.between(0, 15).toString(16))
    digits[12] = '4'
    digits[16] = (8 + this.between(0, 3)).toString(16)
    return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  /** Dice of their own, so that more throws here do not move those elsewhere. */
  branch(): Chance {
    return new Chance(this.between(1, 2 ** 31))
  }
}
