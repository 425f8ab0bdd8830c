import type { NoticeState } from '#server/store/schema.ts'
import type { Outgoing } from './channel-port.ts'

/** What a notice has to say, before it is known by which channel. */
export type Content = Pick<Outgoing, 'thread' | 'letter' | 'request' | 'mayDecide'>

/** What is to be done with a notice, decided before anything is sent. */
export type Prepared = { readonly kind: 'send'; readonly content: Content } | Ended

export interface Ended {
  readonly kind: 'end'
  readonly state: NoticeState
  readonly why: string
}

export function end(state: NoticeState, why: string): Ended {
  return { kind: 'end', state, why }
}
