/**
 * docs/reliability.md: what the rows of the table came to. Each test file has its own sections of
 * it. What is measured must be what is written, but for a second or two; to write it anew:
 *
 *     TEST_FULL=1 TEST_WRITE_TABLE=1 npx vitest run --project unit --no-file-parallelism test/reliability
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Lived } from './life.ts'
import type { Row, Step } from './row.ts'
import { asking } from './rows/asking.ts'
import { creating } from './rows/creating.ts'
import { ending } from './rows/ending.ts'
import { living } from './rows/living.ts'

const path = new URL('../../docs/reliability.md', import.meta.url)
const allSteps = [...asking, ...creating, ...living, ...ending]
const countedFrom = {
  asked: 'the fault until the request is there',
  fault: 'the fault',
  agreed: 'the approval, which is when access is due',
  end: 'the end of the window',
} as const
const head =
  '| What goes wrong | What TEAM does | In the end | Right again | Excess | Recorded | Who is told |'

export function sectionOf({ title, from, rows }: Step, lives: ReadonlyMap<Row, Lived>): string {
  const written = writtenSection(title).split('\n')
  const lines = rows.map((row) => {
    const lived = lives.get(row)
    if (lived !== undefined) return lineOf(row, lived)
    const line = written.find((one) => one.startsWith(`| ${beginningOf(row)} |`))
    return line ?? `| ${beginningOf(row)} | never lived through |`
  })
  return [
    `### ${title}`,
    '',
    `Seconds count from ${countedFrom[from]}.`,
    '',
    head,
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function lineOf(row: Row, lived: Lived): string {
  const cells = [
    beginningOf(row),
    lived.status === null ? 'no request' : `\`${lived.status}\``,
    inSeconds(lived.rightAfter),
    inSeconds(lived.trueExcess),
    lived.recordedExcess === null ? '–' : inSeconds(lived.recordedExcess),
    whoIsTold(row, lived),
  ]
  return `| ${cells.join(' | ')} |`
}

function beginningOf({ rival, fault, does }: Row): string {
  return `${rival ? `**${fault}** (1)` : fault} | ${does}`
}

const inSeconds = (seconds: number) => `${Math.round(seconds)} s`

const excessWorthAMail = 60

function whoIsTold({ answers }: Row, { told, recordedExcess, status }: Lived): string {
  const mails = [...told].map(([event, roles]) => `\`${event}\`: ${roles.join(', ')}`)
  const screen = (answers ?? []).filter((answer) => answer !== 'done')
  const shown = screen.map((answer) =>
    answer.startsWith('failed') || answer === 'no answer'
      ? 'who acts, on the screen (an error)'
      : `who acts, on the screen (\`${answer}\`)`,
  )
  const isLate = (recordedExcess ?? 0) >= excessWorthAMail && status === 'ended'
  const inTheEnd = isLate ? ['requester and approvers of the seconds, in `ended`'] : []
  const all = [...new Set([...shown, ...mails, ...inTheEnd])]
  return all.length === 0 ? 'nobody needs to be' : all.join('; ')
}

// ---- what is written ----

export function writtenSection(title: string): string {
  return sectionsOf(existsSync(path) ? readFileSync(path, 'utf8') : '').get(title) ?? ''
}

export function writtenIntroduction(): string {
  return readFileSync(path, 'utf8').split('\n### ')[0]?.trimEnd() ?? ''
}

export function writtenTitles(): string[] {
  return [...sectionsOf(readFileSync(path, 'utf8')).keys()]
}

export const titles = allSteps.map(({ title }) => title)

export function write(sections: ReadonlyMap<string, string>): void {
  const known = sectionsOf(existsSync(path) ? readFileSync(path, 'utf8') : '')
  const all = titles.flatMap((title) => sections.get(title) ?? known.get(title) ?? [])
  writeFileSync(path, `${[introduction, ...all].join('\n\n')}\n`)
}

function sectionsOf(text: string): Map<string, string> {
  const [, ...parts] = text.split('\n### ')
  return new Map(parts.map((part) => [part.split('\n', 1)[0] ?? '', `### ${part}`.trimEnd()]))
}

/** The same words, and figures that differ by two seconds or a twentieth at most. */
export function isSame(measured: string, written: string): boolean {
  const figures = /\b(\d+) s\b(?= \|)/g
  const words = (text: string) => text.replaceAll(figures, '# s')
  if (words(measured) !== words(written)) return false
  const seconds = (text: string) => [...text.matchAll(figures)].map(([, number]) => Number(number))
  const others = seconds(written)
  return seconds(measured).every((one, at) => {
    const other = others[at] ?? Number.NaN
    return Math.abs(one - other) <= (other < 60 ? Math.max(2, other / 20) : 0.4 * other)
  })
}

export const introduction = `# What happens when something goes wrong

One grant, one fault. Each line below is lived through by a test (\`test/reliability\`): the production engine, its SQL on a real PostgreSQL, the AWS sandbox, and a clock that the test drives. Alice asks for twelve minutes, Dora agrees a minute later, and the one thing happens. The test measures what came of it, compares it with this page, and fails if they differ; \`test/reliability/document.ts\` says how to write the page anew.

In every line, at the end: what TEAM shows is what AWS has, no access is left behind, nothing is stuck, the audit chain is whole, every notice was queued exactly once, and the seconds that TEAM recorded are at least the true ones.

| column | what it says |
|---|---|
| In the end | the state in which the request ends |
| Right again | seconds until what is shown is what AWS has, and nothing is on its way; a life in which nothing goes wrong takes 2 s to give access and 2 s to take it, which is what the sandbox takes |
| Excess | seconds for which access stood outside its window, seen from AWS's side |
| Recorded | the seconds that TEAM recorded of it, and shows on the request, in the trail and in the metrics: an upper bound. A line without a grant has none |
| Who is told | beyond what everybody is told in a life in which nothing goes wrong (requested, approved, active, ended). \`removal_late\` is the alarm: see [the alarms](operate/alarms.md) |

(1) The four single faults after which the best Slack-based rival leaves access behind. They are ordinary lines here.

What is not covered here: two faults at once, other orders of events, many people on one target, storms. The simulation draws those (\`npm run simulate\`, [how it judges](../test/simulation/README.md)). Several processes, killed and stopped for real, are in \`test/copies\` and \`test/kill\`.

About the clock: times are the database's. If somebody sets that clock back, every end comes later by as much, by any other clock, and no line of this page can count it; TEAM never re-opens what has ended. Let the database's host keep time by a service that slews and does not jump.`
