/**
 * Fifty people at once, each doing one thing in each second, at a moment that is drawn, as people at
 * pages do who are quick; and then the same as fast as the server lets them. What they wait for is
 * measured where they sit.
 */
import type { Person } from '#test/person.ts'
import { pause, round } from '../figures.ts'
import { chanceFrom } from '../soak-chance.ts'
import type { QuickAnswer } from './quick-call.ts'

export interface Endpoint {
  /** As the figures name it. */
  readonly name: string
  readonly who: readonly Person[]
  /** Asks once; `turn` counts up, so that not the same is asked again and again. */
  readonly ask: (person: Person, turn: number) => Promise<QuickAnswer>
  /** Of first screens: their bytes are counted. */
  readonly expected?: number
}

export interface Figures {
  readonly endpoint: string
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly kilobytesMax: number
  /** Answers that were not what was expected: 503 after a statement's time limit, 429 without a pause. */
  readonly failed: number
}

export interface LoadOptions {
  readonly peopleAtOnce: number
  readonly seconds: number
  /** Each person does one thing in each such stretch of time; 0: without a pause. */
  readonly everyMs: number
}

interface Sample {
  readonly endpoint: string
  /** Since the load began. */
  readonly atMs: number
  readonly ms: number
  readonly bytes: number
  readonly failed: boolean
}

export interface Load {
  readonly figures: readonly Figures[]
  readonly count: number
  readonly perSecond: number
  readonly slowSeconds: readonly SlowSecond[]
}

/** A second of the load in which answers were slow: everybody's at once, or one list's. */
export interface SlowSecond {
  readonly second: number
  readonly slow: number
  readonly msMax: number
}

const slowMs = 150

export async function underLoad(
  endpoints: readonly Endpoint[],
  { peopleAtOnce, seconds, everyMs }: LoadOptions,
): Promise<Load> {
  const samples: Sample[] = []
  const startedMs = performance.now()
  const endMs = startedMs + seconds * 1_000
  const chance = chanceFrom(1)
  const one = async (place: number) => {
    for (let turn = 0; performance.now() < endMs; turn += 1) {
      // By the clock and not after the last answer: whoever waits together would go on together.
      const dueMs = startedMs + everyMs * turn + chance(everyMs)
      await pause(Math.max(0, dueMs - performance.now()))
      const begunMs = performance.now()
      const endpoint = endpoints[(place * 7 + turn) % endpoints.length]
      if (endpoint !== undefined) {
        const sample = await sampleOf(endpoint, place, turn)
        samples.push({ ...sample, atMs: begunMs - startedMs })
      }
    }
  }
  await Promise.all(Array.from({ length: peopleAtOnce }, (_, place) => one(place)))
  const passedSeconds = (performance.now() - startedMs) / 1_000
  return {
    figures: endpoints.map(({ name }) => figuresOf(name, samples)),
    count: samples.length,
    perSecond: round(samples.length / passedSeconds),
    slowSeconds: slowSecondsOf(samples),
  }
}

function slowSecondsOf(samples: readonly Sample[]): SlowSecond[] {
  const slow = Map.groupBy(
    samples.filter(({ ms }) => ms > slowMs),
    ({ atMs }) => Math.floor(atMs / 1_000),
  )
  return [...slow]
    .toSorted(([a], [b]) => a - b)
    .map(([second, those]) => ({
      second,
      slow: those.length,
      msMax: round(Math.max(...those.map(({ ms }) => ms))),
    }))
}

async function sampleOf(
  endpoint: Endpoint,
  place: number,
  turn: number,
): Promise<Omit<Sample, 'atMs'>> {
  const person = endpoint.who[(place + turn) % endpoint.who.length]
  if (person === undefined) throw new Error(`${endpoint.name}: nobody to ask`)
  const begunMs = performance.now()
  const answer = await endpoint.ask(person, place * 1_000 + turn)
  const { status, bytes } = answer
  const ms = performance.now() - begunMs
  const failed = status !== (endpoint.expected ?? 200)
  if (failed && status !== 503 && status !== 429) {
    throw new Error(`${endpoint.name}: ${status} ${JSON.stringify(answer.body).slice(0, 500)}`)
  }
  return { endpoint: endpoint.name, ms, bytes, failed }
}

function figuresOf(name: string, samples: readonly Sample[]): Figures {
  const own = samples.filter(({ endpoint }) => endpoint === name)
  const sorted = own.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const at = (share: number) =>
    round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN, 1)
  return {
    endpoint: name,
    count: own.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    kilobytesMax: round(Math.max(0, ...own.map(({ bytes }) => bytes)) / 1_000, 1),
    failed: own.filter(({ failed }) => failed).length,
  }
}
