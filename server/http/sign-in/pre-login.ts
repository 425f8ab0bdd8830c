/**
 * The pre-login cookie binds the identity provider's answer to the browser that asked: it carries
 * the ids of the questions still open, a few because tabs are opened side by side, and where each
 * goes on to. It also carries the hash of the session that the browser had: the answer is a POST
 * from another site, with which a browser does not send the session's own cookie.
 */
import { z } from 'zod'
import type { Clock } from '../ports.ts'
import { preLoginSecondsMax } from './cookies.ts'
import { keysFor, type Secrets, sign, verify } from './secrets.ts'

const openQuestionsMax = 3

const Question = z.strictObject({
  requestId: z.string().max(100),
  returnTo: z.string().max(600),
  askedAt: z.int(),
})
const Content = z.strictObject({
  questions: z.array(Question).max(openQuestionsMax),
  /** Hexadecimal; null: the browser had no session. */
  sessionHash: z.string().length(64).nullable(),
})

export type Question = z.infer<typeof Question>
export type PreLogin = z.infer<typeof Content>

export interface PreLoginCookie {
  read(cookie: string | undefined): Promise<PreLogin>
  write(content: PreLogin): string
}

const nothing: PreLogin = { questions: [], sessionHash: null }

export function preLoginCookie(secrets: Secrets, clock: Clock): PreLoginCookie {
  const keys = keysFor('team pre-login cookie v1', secrets)
  return {
    async read(cookie) {
      const payload = cookie === undefined ? null : verify(cookie, keys)
      if (payload === null) return nothing
      const content = Content.safeParse(decode(payload))
      if (!content.success) return nothing
      const oldest = (await clock.now()).getTime() - preLoginSecondsMax * 1000
      const questions = content.data.questions.filter(({ askedAt }) => askedAt > oldest)
      return questions.length === 0 ? nothing : { ...content.data, questions }
    },
    write(content) {
      return sign(Buffer.from(JSON.stringify(content)).toString('base64url'), keys[0])
    },
  }
}

function decode(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

export function withQuestion(
  before: PreLogin,
  question: Question,
  sessionHash: Buffer | null,
): PreLogin {
  return {
    questions: [question, ...before.questions].slice(0, openQuestionsMax),
    sessionHash: sessionHash?.toString('hex') ?? before.sessionHash,
  }
}

/** Null: nothing is left to remember. */
export function withoutQuestion(before: PreLogin, requestId: string): PreLogin | null {
  const questions = before.questions.filter((question) => question.requestId !== requestId)
  return questions.length === 0 ? null : { questions, sessionHash: null }
}
