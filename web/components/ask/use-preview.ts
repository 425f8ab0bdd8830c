import { useQuery } from '@tanstack/react-query'
import type { Preview, Submission } from '#contract/request.ts'
import { useDelayed } from '../../delayed.ts'
import type { Translate } from '../../i18n.tsx'
import { wordCode } from '../../problems.ts'
import { previewQuery } from '../../queries.ts'

const restMs = 300

/** What will happen if this is sent: the server's own answer, asked for when typing rests. */
export function usePreview(submission: Submission | null) {
  // A justification changes nothing about the answer but would ask again with every letter.
  const asked = submission && { ...submission, justification: '-' }
  const text = useDelayed(asked === null ? '' : JSON.stringify(asked), restMs)
  // Written a line above.
  const rested = text === '' ? null : (JSON.parse(text) as Submission)
  const query = useQuery({
    ...previewQuery(rested ?? { targets: [], durationMinutes: 1 }),
    enabled: rested !== null,
  })
  return { query, rested, preview: rested === null ? undefined : query.data }
}

/** The server's word on what stands in a field, before it is sent. */
export function wordProblem(
  preview: Preview | undefined,
  field: string,
  t: Translate,
): string | null {
  const found = preview?.problems.find((problem) => problem.field === field)
  return found ? wordCode(found.code, found.params, t) : null
}

/** A target that nothing speaks against but what is wrong with the whole form. */
export function isRefused(target: Preview['targets'][number], preview: Preview): boolean {
  return !target.allowed && !preview.problems.some(({ code }) => code === target.code)
}
