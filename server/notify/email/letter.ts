/** A mail before it is text or HTML: what it says, in order. */
import type { Locale } from './moment.ts'

export interface Letter {
  readonly locale: Locale
  readonly subject: string
  readonly heading: string
  /** Whole sentences: what happened and what to do next. */
  readonly paragraphs: readonly string[]
  readonly facts: readonly Fact[]
  readonly links: readonly Link[]
  readonly footer: readonly string[]
  /** The words around a notice's id. */
  readonly noticeLine: (noticeId: string) => string
}

export interface Fact {
  readonly label: string
  /** Exactly what TEAM knows; user's words are marked as such and keep their lines. */
  readonly value: string
  readonly quoted?: boolean
  /** Where the value leads. */
  readonly url?: string
}

export interface Link {
  readonly label: string
  readonly url: string
}
