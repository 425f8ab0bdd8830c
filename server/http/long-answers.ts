/**
 * Answers that read much: exports, verification. A few at a time, so that they leave room for each
 * other in the pool without time limits; and one that nobody takes any more is given up.
 */
import type { FastifyReply } from 'fastify'
import type { Actor } from '#server/operations/actor.ts'
import { Refused } from '#server/operations/refused.ts'

export const longAnswersMax = 4
const stalledMs = 120_000

export interface LongAnswers {
  /** Refused if too many are on their way; else counted until the connection is done with it. */
  begin(reply: FastifyReply, actor: Actor): void
}

/** Where everybody may ask, nobody gets so many of them that others get none. */
export function createLongAnswers(ofOneMax: number = longAnswersMax): LongAnswers {
  const running: string[] = []
  return {
    begin(reply, { person: { userId } }) {
      if (running.length >= longAnswersMax) {
        throw tooMany(`${longAnswersMax} exports or verifications are on their way`)
      }
      if (running.filter((one) => one === userId).length >= ofOneMax) {
        throw tooMany(`${ofOneMax} exports of yours are on their way`)
      }
      running.push(userId)
      // Nothing goes out and nothing comes in: the reader is gone, or does not read.
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
      let isOver = false
      const end = () => {
        if (isOver) return
        isOver = true
        running.splice(running.indexOf(userId), 1)
        reply.raw.setTimeout(0, () => undefined)
      }
      reply.raw.once('finish', end)
      reply.raw.once('close', end)
    },
  }
}

function tooMany(why: string): Refused {
  return new Refused('rate_limited', {
    detail: `${why}. Try again when one is done.`,
    params: { longAnswersMax },
  })
}
