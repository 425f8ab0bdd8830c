import { type Ids, makeIds, type Random, seededRandom, systemRandom } from './random.ts'
import { State } from './state.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Change, Instant, Settings } from './types.ts'

/** One line of the journal: what happened together, and when. */
export interface Entry {
  at: Instant
  changes: Change[]
}

/** Where changes are kept before they take effect. A world in memory keeps them nowhere. */
export interface Journal {
  append(entry: Entry, options: { durable: boolean }): void
}

export interface WorldOptions {
  now: () => Date
  /** The clock that signatures are judged by: AWS's own, whatever time the model is told. */
  wallClock?: () => Date
  journal?: Journal
  seed?: number
}

/**
 * An organisation, its clock and its journal.
 *
 * Time passes lazily: operations that have come due take effect when somebody looks, at the time at
 * which they were due. An outcome depends only on the changes and times before it, so it is not
 * journalled: playing the journal again, with time advanced to each entry's, gives it again.
 */
export class World {
  readonly #state = new State()
  readonly #clock: () => Date
  readonly #wallClock: () => Date
  readonly #journal: Journal | undefined
  readonly #buckets = new Map<string, TokenBucket>()
  /** Chance has a stream of its own, so that a roll of the dice does not move the next id. */
  readonly chance: Random
  readonly ids: Ids
  /** For ids of calls and faults, which come and go without moving those of the organisation. */
  readonly passingIds: Ids

  constructor(options: WorldOptions, past: Iterable<Entry> = []) {
    this.#clock = options.now
    this.#wallClock = options.wallClock ?? (() => new Date())
    this.#journal = options.journal
    let entries = 0
    for (const entry of past) {
      this.#play(entry)
      entries += 1
    }
    const random = (stream: string) =>
      options.seed === undefined
        ? systemRandom()
        : seededRandom(`${options.seed}/${stream}/${entries}`)
    this.chance = random('chance')
    const suffix = () => this.#state.organisation.identityStoreId.slice(2)
    this.ids = makeIds(random('ids'), suffix)
    this.passingIds = makeIds(random('passing ids'), suffix)
  }

  now(): Instant {
    return this.#clock().getTime()
  }

  wallNow(): Instant {
    return this.#wallClock().getTime()
  }

  /** The organisation as it is now. Only `commit` changes it. */
  get state(): State {
    this.#state.settle(this.now())
    return this.#state
  }

  get isFounded(): boolean {
    return this.#state.founded
  }

  get settings(): Settings {
    return this.#state.settings
  }

  commit(...changes: Change[]): void {
    this.#write({ at: this.now(), changes }, { durable: true })
  }

  /** For what may be lost with the machine, though not with the process: the list of calls. */
  note(...changes: Change[]): void {
    this.#write({ at: this.now(), changes }, { durable: false })
  }

  bucket(name: string): TokenBucket {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = new TokenBucket()
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  #write(entry: Entry, options: { durable: boolean }): void {
    this.#journal?.append(entry, options)
    this.#play(entry)
  }

  #play(entry: Entry): void {
    if (this.#state.founded) this.#state.settle(entry.at)
    for (const change of entry.changes) this.#state.apply(change, entry.at)
  }
}
