import { setTimeout as pause } from 'node:timers/promises'

const waitMsMax = 60_000

/** Asks until the answer is there, and says what it waited for if it never comes. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | null | undefined | false>,
  everyMs = 20,
): Promise<Answer> {
  const patience = performance.now() + waitMsMax
  while (performance.now() < patience) {
    const answer = await ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    await pause(everyMs)
  }
  throw new Error(`Waited in vain until ${what}`)
}
