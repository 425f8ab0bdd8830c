/**
 * Extensions (the domain page's "States"): a request whose grant adjoins another of the same key.
 * Every other rule of a request holds for it as well; here is what it has beside.
 */
import type { RequestId } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { RequestState } from './request.ts'
import type { Settings } from './settings.ts'

/** The grant that is to be extended, as it stands. */
export interface ExtendedGrant {
  readonly requestId: RequestId
  readonly status: RequestState
  /** Null before access is confirmed. */
  readonly endsAt: Date | null
  /** Of the whole chain up to here, the first grant included. */
  readonly chainMinutes: number
}

/** Once it ends there is nothing left to adjoin. */
export function isPastExtending(
  grant: Pick<ExtendedGrant, 'status' | 'endsAt'>,
  now: Date,
): boolean {
  return grant.status !== 'active' || grant.endsAt === null || grant.endsAt <= now
}

export interface ChainFacts {
  readonly chainMinutes: number
  /** The longest duration of the target. */
  readonly maxDurationMinutes: number
  readonly settings: Pick<Settings, 'extensionChainFactor'>
}

/** How long one more extension may last; 0 where the chain has its full length. */
export function extensionMinutesMax(facts: ChainFacts): number {
  const { chainMinutes, maxDurationMinutes } = facts
  return Math.min(maxDurationMinutes, Math.max(0, chainMinutesMax(facts) - chainMinutes))
}

function chainMinutesMax({ maxDurationMinutes, settings }: ChainFacts): number {
  return maxDurationMinutes * settings.extensionChainFactor
}

export function refuseChain(facts: ChainFacts, durationMinutes: number): Refusal | null {
  const leftMinutes = extensionMinutesMax(facts)
  if (durationMinutes <= leftMinutes) return null
  const params = { leftMinutes, chainMinutesMax: chainMinutesMax(facts) }
  return refusal('chain_too_long', params, 'durationMinutes')
}
