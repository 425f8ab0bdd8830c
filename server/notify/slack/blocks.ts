/** From a letter to Slack's Block Kit: the same words, and two buttons where one may decide. */
import type { Fact, Letter } from '#server/notify/email/letter.ts'
import { linesOf, oneLine } from '#server/notify/email/plain.ts'
import { slackWords } from './words.ts'

export interface SlackMessage {
  /** For notifications and for those who cannot see blocks. */
  readonly text: string
  readonly blocks: readonly object[]
}

export interface SlackExtras {
  readonly noticeId: string
  /** The request to decide on; null: no buttons. */
  readonly decideOn: string | null
  /** What became of it. */
  readonly outcome: string | null
}

/** Block Kit reference: 3,000 characters in a section, 50 blocks in a message. */
const sectionCharactersMax = 2_900
const sectionsMax = 30

export function slackMessage(letter: Letter, extras: SlackExtras): SlackMessage {
  const { noticeId, decideOn, outcome } = extras
  const facts = letter.facts.flatMap(factLines)
  const link = letter.links.map(({ label, url }) => `<${url}|${escaped(label)}>`).join('   ')
  const blocks = [
    ...sections([`*${escaped(letter.heading)}*`, ...letter.paragraphs.map(escaped)], '\n\n'),
    ...sections(facts, '\n'),
    ...(outcome === null ? [] : sections([`*${escaped(outcome)}*`], '\n')),
    ...(link === '' ? [] : sections([link], '\n')),
    ...(decideOn === null ? [] : decideBlocks(letter, decideOn)),
    { type: 'context', elements: [{ type: 'mrkdwn', text: escaped(letter.noticeLine(noticeId)) }] },
  ]
  return { text: escaped(letter.subject), blocks }
}

export const commentBlock = 'comment'
export const commentInput = 'text'
export const decideActions = ['approve', 'reject'] as const

function decideBlocks(letter: Letter, requestId: string): object[] {
  const words = slackWords[letter.locale]
  const plain = (text: string) => ({ type: 'plain_text', text })
  const button = (name: (typeof decideActions)[number], style: string) => {
    return { type: 'button', action_id: name, value: requestId, style, text: plain(words[name]) }
  }
  return [
    {
      type: 'input',
      block_id: commentBlock,
      optional: true,
      label: plain(words.comment),
      element: {
        type: 'plain_text_input',
        action_id: commentInput,
        multiline: true,
        max_length: 2_000,
      },
    },
    {
      type: 'actions',
      block_id: 'decide',
      elements: [button('approve', 'primary'), button('reject', 'danger')],
    },
  ]
}

function factLines({ label, value, quoted }: Fact): string[] {
  if (quoted !== true) return [`*${escaped(label)}:* ${escaped(oneLine(value))}`]
  return [`*${escaped(label)}:*`, ...linesOf(value).map((line) => `> ${escaped(line)}`)]
}

function sections(lines: readonly string[], between: string): object[] {
  const texts: string[] = []
  for (const line of lines) {
    const short = line.slice(0, sectionCharactersMax).toWellFormed()
    const last = texts.at(-1)
    const joined = last === undefined ? short : `${last}${between}${short}`
    if (last === undefined || joined.length > sectionCharactersMax) texts.push(short)
    else texts[texts.length - 1] = joined
  }
  return texts
    .slice(0, sectionsMax)
    .map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }))
}

/** Slack's "Formatting text": these three open links, mentions and commands to everybody. */
function escaped(text: string): string {
  return oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
