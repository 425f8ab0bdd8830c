/**
 * The abuse suite: every attempt that we could think of to get more out of TEAM than is one's own,
 * really sent over HTTP, and refused. The themes are in test/abuse/; the numbered list of all
 * attempts is test/snapshots/abuse.txt, so that one that disappears is seen in review.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, type RunnerTask, test } from 'vitest'
import { schemaCodes } from '#contract/common.ts'
import { refusalCodes } from '#core/refusals.ts'
import { houseCodes } from '#server/operations/refused.ts'
import { bodies } from '../abuse/bodies.ts'
import { fields } from '../abuse/fields.ts'
import { files } from '../abuse/files.ts'
import { headers } from '../abuse/headers.ts'
import { identities } from '../abuse/identities.ts'
import { ids } from '../abuse/ids.ts'
import { leaks } from '../abuse/leaks.ts'
import { otherSites } from '../abuse/other-sites.ts'
import { queries } from '../abuse/queries.ts'
import { sample } from '../abuse/sample.ts'
import { signIns } from '../abuse/sign-ins.ts'
import { unbuiltStage } from '../abuse/stage.ts'
import { texts } from '../abuse/texts.ts'
import { tokens } from '../abuse/tokens.ts'

const attemptsMin = 60
const stage = unbuiltStage()
let folder: string

interface Refused {
  readonly code: string
  readonly errors?: readonly { readonly field: string; readonly code: string }[]
}
/** Codes of whole answers, and of single fields, that any attempt was refused with. */
const codes = new Set<string>()
const fieldCodes = new Set<string>()
const plainFetch = globalThis.fetch
globalThis.fetch = async (...asked) => {
  const answer = await plainFetch(...asked)
  if (answer.headers.get('content-type')?.startsWith('application/problem+json')) {
    const { code, errors = [] } = (await answer.clone().json()) as Refused
    codes.add(code)
    for (const error of errors) fieldCodes.add(error.code)
  }
  return answer
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'abuse-'))
  await mkdir(join(folder, 'web', 'assets'), { recursive: true })
  await writeFile(join(folder, 'outside.txt'), 'what nobody may read')
  await writeFile(join(folder, 'web', 'index.html'), '<!doctype html><title>TEAM</title>')
  await writeFile(join(folder, 'web', 'assets', 'app-0123456789.js'), 'void 0')
  await stage.build(join(folder, 'web'))
})
afterAll(async () => {
  await stage.scene.close()
  await rm(folder, { recursive: true, force: true })
  globalThis.fetch = plainFetch
})

sample(stage)
identities(stage)
fields(stage)
bodies(stage)
texts(stage)
queries(stage)
ids(stage)
otherSites(stage)
signIns(stage)
headers(stage)
files(stage)
leaks(stage)
tokens(stage)

// For each of these web/problems.test.ts demands words in both languages.
test('every refusal, and every error of a field, has a code that pages know', () => {
  const known: readonly string[] = [...refusalCodes, ...houseCodes]
  expect(codes.size).toBeGreaterThan(10)
  expect([...codes].filter((code) => !known.includes(code))).toEqual([])
  const knownOfFields: readonly string[] = [...known, ...schemaCodes]
  expect([...fieldCodes].filter((code) => !knownOfFields.includes(code))).toEqual([])
})

function attemptsOf(tasks: readonly RunnerTask[], theme: readonly string[] = []): string[] {
  return tasks.flatMap((task) =>
    task.type === 'suite'
      ? attemptsOf(task.tasks, [...theme, task.name])
      : theme.length > 0
        ? [[...theme, task.name].join(': ')]
        : [],
  )
}

// If this fails because you added an attempt: `npx vitest run --project=api test/api/abuse.test.ts -u`
// writes the list anew. If an attempt went away, say in the commit why nobody need try it any more.
test('the committed list names every attempt', async ({ task }) => {
  const attempts = attemptsOf(task.file.tasks)
  expect(attempts.length).toBeGreaterThanOrEqual(attemptsMin)
  expect(new Set(attempts).size).toBe(attempts.length)
  const list = attempts.map((attempt, index) => `${index + 1}. ${attempt}`)
  const told = ['What is tried against TEAM by test/api/abuse.test.ts, and refused.', '', ...list]
  // Names may hold characters that would make a list unreadable, or read as something else.
  const safe = told.map((line) => line.replace(/[^\P{C}\n]/gu, '\ufffd'))
  await expect(`${safe.join('\n')}\n`).toMatchFileSnapshot('../snapshots/abuse.txt')
})
