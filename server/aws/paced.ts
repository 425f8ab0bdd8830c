/**
 * AWS's quotas for a command, which has no database to share a budget by: a little below half of what
 * sso-admin and the Identity Store allow, so that a server that runs meanwhile has the rest.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Bucket, Budget } from '#server/engine/budget.ts'

const callsPerSecond = 8
const burst = 8

export function pacedBudget(nowMs: () => number = () => performance.now()): Budget {
  const freeAt = new Map<Bucket, number>()
  const everyMs = 1_000 / callsPerSecond
  return {
    async take(bucket) {
      const now = nowMs()
      const from = Math.max(freeAt.get(bucket) ?? 0, now - burst * everyMs)
      freeAt.set(bucket, from + everyMs)
      if (from > now) await pause(from - now)
    },
    async pause(bucket, milliseconds) {
      freeAt.set(bucket, Math.max(freeAt.get(bucket) ?? 0, nowMs() + milliseconds))
    },
  }
}
