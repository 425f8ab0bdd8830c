/** One row of the table: what goes wrong, when, and what is promised to come of it. */
import type { Befall } from './befalls.ts'
import type { FaultWorld } from './fault-world.ts'

export type EndState = 'ended' | 'revoked' | 'cancelled' | 'failed' | 'expired' | 'pending'

export interface Row {
  /** In plain words, as an operator would say it. */
  readonly fault: string
  /** What TEAM does about it, in plain words. */
  readonly does: string
  readonly befalls: Befall
  /** When the fault is let loose; what it waits for comes after that. */
  readonly when: 'first' | 'asked' | 'agreed' | 'living' | 'before the end'
  /** Instead of asking, agreeing and waiting. */
  readonly ask?: (world: FaultWorld) => Promise<void>
  readonly agree?: (world: FaultWorld) => Promise<void>
  /** What else people do, after five minutes of access. */
  readonly live?: (world: FaultWorld) => Promise<void>
  /** How it ends; null: there is no request. */
  readonly ends: EndState | null
  /** Whether access was given at all. */
  readonly given: boolean
  /** True seconds of access outside the window at most: 5 unless the row says more. */
  readonly excessAtMost?: number
  /** Seconds until right again at most. */
  readonly rightWithin: number
  /** Notices beyond those of a life in which nothing goes wrong, and who must have them. */
  readonly told?: Readonly<Record<string, readonly Role[]>>
  /** What people were answered on the screen, in order; else everything they did was done. */
  readonly answers?: readonly string[]
  /** Access must end because of it: until it is over, nothing is right. */
  readonly endsIt?: true
  /** It was there before TEAM was asked, and is not TEAM's to end. */
  readonly standing?: true
  /** What TEAM believes of time is part of the fault: seconds are TEAM's own then. */
  readonly clockJumped?: true
  /** The four after which the best rival leaves access behind. */
  readonly rival?: true
}

export type Role = 'requester' | 'approvers' | 'auditors' | 'administrators'

export interface Step {
  readonly title: string
  /** From when seconds are counted; of asking, until the request is there. */
  readonly from: 'asked' | 'fault' | 'agreed' | 'end'
  readonly rows: readonly Row[]
}

export const everyone: readonly Role[] = ['requester', 'approvers', 'auditors', 'administrators']
export const overseers: readonly Role[] = ['auditors', 'administrators']
export const parties: readonly Role[] = ['requester', 'approvers']
