/**
 * Every operation of the OpenAPI document, called with what its schemas allow, with what they nearly
 * allow and with what they do not, by people of every kind: no answer is a fault, and each is what
 * the document says. `FC_SEED` replays a run, `TEST_FULL=1` makes ten rounds.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Check, checkAnswers, type Document, operationsOf } from '#test/fuzz/answers.ts'
import { type LivedIn, livedIn, type People, userNames } from '#test/fuzz/lived-in.ts'
import { allowedBy, hostileText, type Known, nearly } from '#test/fuzz/values.ts'
import { createScene, type Scene } from './scene.ts'

const rounds = process.env.TEST_FULL === '1' ? 10 : 1
const callsARound = 2_000
const firstSeed = Number(process.env.FC_SEED ?? 20261124)
/** Those who may do something in most calls; one in eleven is nobody at all. */
const likely = [0, 0, 0, 1, 2, 2, 3, 4, 4, 4, userNames.length]
/** A session may call so often a minute, and this is far faster. */
const callsASession = 500

let scene: Scene
let document: Document
let check: Check
let lived: LivedIn

beforeEach(async () => {
  scene = await createScene()
  document = (await (await fetch(`${scene.world.team.url}/api/openapi.json`)).json()) as Document
  check = checkAnswers(document)
  lived = await livedIn(scene)
})
afterEach(() => scene.close())

interface Call {
  readonly who: number
  readonly nth: number
  readonly path: string
  readonly body: unknown
  readonly headers: Record<string, string>
}

/** The stream answers without end: test/api has tests of its own for it. */
const operationsUnderTest = () => operationsOf(document).filter(({ path }) => !/stream$/.test(path))
/** What changes something has more that can go wrong, and more that must be right. */
const timesAsOften = ({ method }: { method: string }) => (method === 'GET' ? 1 : 3)

function callsOf(known: Known): fc.Arbitrary<Call> {
  const operations = operationsUnderTest()
  const drawn = operations.flatMap((one, nth) => Array(timesAsOften(one)).fill(nth) as number[])
  return fc.constantFrom(...drawn).chain((nth) => {
    const { path, parameters, body } = operations[nth] ?? { path: '', parameters: [], body: null }
    const named = parameters.map((one) => {
      const value = allowedBy(one.schema, document, known, knownName(path, one.name))
      const text = fc.oneof(
        { weight: 9, arbitrary: value.map(String) },
        { weight: 1, arbitrary: hostileText },
      )
      // What must be there is left out now and then too.
      const isMeant = (n: number) => (one.required === true ? n > 0 : n < 3)
      const isGiven = one.in === 'path' ? fc.constant(true) : fc.nat(9).map(isMeant)
      return fc.tuple(fc.constant(one), isGiven, text)
    })
    return fc.record({
      who: fc.constantFrom(...likely),
      nth: fc.constant(nth),
      path: fc.tuple(...named).map((given) => address(path, given)),
      body: body === null ? fc.constant(undefined) : nearly(allowedBy(body, document, known)),
      headers: headersOf(known),
    })
  })
}

function headersOf(known: Known) {
  return fc.record(
    {
      'if-match': fc.constantFrom(
        '"1"',
        '"1"',
        ...(known.etag ?? []).map(String),
        '*',
        'W/"1"',
        '',
      ),
      'idempotency-key': fc.constantFrom(...Array.from('abcdefghijkl'), 'c'.repeat(300), '\t'),
    },
    { requiredKeys: ['if-match'] },
  )
}

/** An id in a path is of the kind that the path is about. */
function knownName(path: string, name: string): string {
  if (name !== 'id') return name
  if (path.includes('/session-log')) return 'session-log'
  return path.split('/')[3] ?? name
}

function address(
  path: string,
  given: readonly [{ in: string; name: string }, boolean, string][],
): string {
  let at = path.replace('/api/v1', '')
  const query = new URLSearchParams()
  for (const [one, isGiven, text] of given) {
    if (one.in === 'path') at = at.replace(`{${one.name}}`, encodeSafely(text))
    else if (isGiven) query.append(one.name, text.toWellFormed())
  }
  return query.size === 0 ? at : `${at}?${query}`
}

const encodeSafely = (text: string) => encodeURIComponent(text.toWellFormed())

async function signIn(): Promise<People> {
  const people = userNames.map(async (name) => [name, await scene.world.person(name)] as const)
  return Object.fromEntries(await Promise.all(people)) as People
}

const everDone = new Set<string>()

for (let round = 0; round < rounds; round += 1) {
  const seed = firstSeed + round * callsARound
  test(
    `${callsARound} calls from seed ${seed}: no fault, and no answer that the document does not describe`,
    async () => {
      const operations = operationsUnderTest()
      const done = new Set<string>()
      const wrong: string[] = []
      for (let made = 0; made < callsARound && wrong.length === 0; made += callsASession) {
        const signedIn = await signIn()
        const secondAdmin = (made / callsASession) % 2 === 1
        const known = await lived.restore(signedIn, { secondAdmin })
        const people = [...userNames.map((name) => signedIn[name]), scene.world.stranger()]
        const some = fc.sample(callsOf(known), { seed: seed + made, numRuns: callsASession })
        for (const call of some) {
          const operation = operations[call.nth]
          const person = people[call.who]
          if (!operation || !person) continue
          const { method } = operation
          const body = call.body === undefined ? undefined : (call.body as object)
          const answer = await person.call(method, call.path, body, call.headers)
          const type = answer.headers.get('content-type') ?? ''
          const fault = answer.status >= 500 ? `answered ${answer.status}` : null
          const amiss = fault ?? check(operation, { ...answer, type })
          if (answer.status < 300) done.add(nameOf(operation))
          if (amiss !== null) wrong.push(toldOf(call, method, amiss, answer.body))
        }
        await scene.world.pass(1)
      }
      expect(wrong.join('\n\n')).toBe('')
      for (const name of done) everDone.add(name)
      // By dice alone, one round comes to not much more than two thirds of them.
      expect(done.size, missingFrom(done)).toBeGreaterThan(operations.length / 2)
    },
    10 * 60_000,
  )
}

// The others need what this scene has not: a held refresh, an alarm that rings.
test.runIf(rounds > 1)('all rounds together carried out nine operations of ten', () => {
  const { length } = operationsUnderTest()
  expect(everDone.size, missingFrom(everDone)).toBeGreaterThanOrEqual(Math.floor(length * 0.9))
})

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

function missingFrom(done: ReadonlySet<string>): string {
  const missing = operationsUnderTest()
    .map(nameOf)
    .filter((name) => !done.has(name))
  return `never carried out: ${missing.join(', ')}`
}

function toldOf(call: Call, method: string, amiss: string, body: unknown): string {
  const who = userNames[call.who] ?? 'nobody'
  const sent = JSON.stringify({ ...call, nth: undefined, who }).slice(0, 2_000)
  return `${method} ${call.path.slice(0, 300)}: ${amiss}\n${sent}\n${JSON.stringify(body).slice(0, 500)}`
}
