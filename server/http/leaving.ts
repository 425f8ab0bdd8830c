/**
 * How a copy leaves without anybody noticing. First it says so (`/readyz` answers 503, and every
 * answer closes its connection), and goes on answering while proxies turn to the other copies;
 * then it stops listening, and what is being answered is answered to the end.
 */
import type { ServerResponse } from 'node:http'
import type { App } from './app.ts'

/** Of an answer that is under way when the copy stops; less than what a stop may take in all. */
export const answerMsMax = 5_000

export interface AnswersUnderWay {
  /** Resolves when nothing is being answered, or after so long. */
  finished(msMax: number): Promise<void>
}

/** Before every other hook, so that what they refuse is counted as well. */
export function watchAnswers(app: App, isLeaving: () => boolean): AnswersUnderWay {
  const underWay = new Set<ServerResponse>()
  let whenDone = () => {}
  app.addHook('onRequest', async (_request, reply) => {
    const { raw } = reply
    underWay.add(raw)
    raw.once('close', () => {
      underWay.delete(raw)
      if (underWay.size === 0) whenDone()
    })
    if (isLeaving()) reply.header('connection', 'close')
  })
  return {
    async finished(msMax) {
      if (underWay.size === 0) return
      const done = Promise.withResolvers<void>()
      whenDone = done.resolve
      const patience = setTimeout(done.resolve, msMax)
      await done.promise
      clearTimeout(patience)
    },
  }
}

/** After the hook that ends the live streams: they are answers that would never be finished. */
export function finishAnswers(app: App, answers: AnswersUnderWay): void {
  app.addHook('preClose', () => answers.finished(answerMsMax))
}
