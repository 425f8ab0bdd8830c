/**
 * Rows by key, listed in the order of their keys. A page is "the rows after this key", so a list
 * that changes between two pages neither skips nor repeats a row that stayed.
 */
export class SortedTable<Row> {
  readonly #rows = new Map<string, Row>()
  #keys: string[] | null = null

  get size(): number {
    return this.#rows.size
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  set(key: string, row: Row): void {
    if (!this.#rows.has(key)) this.#keys?.splice(this.#place(this.#keys, key), 0, key)
    this.#rows.set(key, row)
  }

  delete(key: string): boolean {
    const existed = this.#rows.delete(key)
    if (existed) this.#keys?.splice(this.#place(this.#keys, key), 1)
    return existed
  }

  /** All rows, in the order in which they were first put in. */
  values(): Iterable<Row> {
    return this.#rows.values()
  }

  /** Keys, rows and both in the order of their keys, as they are now whatever happens meanwhile. */
  keys(): readonly string[] {
    return [...this.#sortedKeys()]
  }

  rows(): Row[] {
    return this.entries().map(([, row]) => row)
  }

  entries(): [string, Row][] {
    return this.after('', this.size)
  }

  /** At most `limit` rows whose keys come after `after`, with their keys. */
  after(after: string, limit: number): [string, Row][] {
    const keys = this.#sortedKeys()
    const at = this.#place(keys, after)
    const from = keys[at] === after ? at + 1 : at
    const found: [string, Row][] = []
    for (const key of keys.slice(from, from + limit)) {
      const row = this.#rows.get(key)
      if (row !== undefined) found.push([key, row])
    }
    return found
  }

  /** Sorted when first asked for; kept in order from then on. */
  #sortedKeys(): string[] {
    this.#keys ??= [...this.#rows.keys()].sort()
    return this.#keys
  }

  /** Where the key is, or belongs. */
  #place(keys: readonly string[], key: string): number {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((keys[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A table of tables that makes what is missing and forgets what is empty. */
export class Index<Row> {
  readonly #tables = new Map<string, SortedTable<Row>>()
  readonly #none = new SortedTable<Row>()

  at(key: string): SortedTable<Row> {
    return this.#tables.get(key) ?? this.#none
  }

  add(key: string, rowKey: string, row: Row): void {
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = new SortedTable<Row>()
      this.#tables.set(key, table)
    }
    table.set(rowKey, row)
  }

  remove(key: string, rowKey: string): void {
    const table = this.#tables.get(key)
    if (table === undefined) return
    table.delete(rowKey)
    if (table.size === 0) this.#tables.delete(key)
  }
}
