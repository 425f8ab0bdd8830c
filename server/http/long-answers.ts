/**
 * Answers that read much: exports, verification. A few at a time, so that they leave room for each
 * other in the pool without time limits; and one that nobody takes any more is given up.
 */
import type { FastifyReply } from 'fastify'
import { Refused } from '#server/operations/refused.ts'

export const longAnswersMax = 4
const stalledMs = 120_000

export interface LongAnswers {
  /** Refused if too many are on their way; else counted until the connection is done with it. */
  begin(reply: FastifyReply): void
}

export function createLongAnswers(): LongAnswers {
  let running = 0
  return {
    begin(reply) {
      if (running >= longAnswersMax) {
        throw new Refused('rate_limited', {
          detail: `${longAnswersMax} exports or verifications are on their way. Try again when one is done.`,
          params: { longAnswersMax },
        })
      }
      running += 1
      // Nothing goes out and nothing comes in: the reader is gone, or does not read.
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
      let isOver = false
      const end = () => {
        if (isOver) return
        isOver = true
        running -= 1
        reply.raw.setTimeout(0, () => undefined)
      }
      reply.raw.once('finish', end)
      reply.raw.once('close', end)
    },
  }
}
