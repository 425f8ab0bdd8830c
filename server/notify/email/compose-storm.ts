/** From the letters of a storm to one: a line each, with its own link. */
import type { NoticeName } from '#core/notices.ts'
import type { Letter } from './letter.ts'
import { oneLine, subjectLine } from './plain.ts'
import { stormWords } from './storm-words.ts'

const listedMax = 20

export interface Storm {
  readonly event: NoticeName
  readonly publicUrl: string
  /** One at least, all to one receiver. */
  readonly letters: readonly [Letter, ...Letter[]]
}

export function composeStorm({ event, publicUrl, letters }: Storm): Letter {
  const [{ locale, footer, noticeLine }] = letters
  const words = stormWords[locale]
  const heading = words.heading({ count: letters.length, what: words.event[event] })
  const more = letters.length - listedMax
  const facts = letters.slice(0, listedMax).map(({ subject, links }, index) => {
    const url = links[0]?.url
    return { label: String(index + 1), value: oneLine(subject), ...(url && { url }) }
  })
  const page = event === 'requested' || event === 'reminder' ? '/approvals?tab=waiting' : '/'
  return {
    locale,
    subject: subjectLine(heading),
    heading,
    paragraphs: [words.folded, ...(more > 0 ? [words.more(more)] : [])],
    facts,
    links: [{ label: words.link, url: `${publicUrl}${page}` }],
    footer,
    noticeLine,
  }
}
