import Link from '@cloudscape-design/components/link'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'

/** Where administrators said where tickets are, a link: to another site, which is told nothing. */
export function TicketText(props: {
  request: Pick<Request, 'ticket' | 'ticketUrl'>
  none: string
  /** As it stands in a list, small. */
  small?: boolean
}): ReactNode {
  const { ticket, ticketUrl } = props.request
  if (ticket === null) return props.none
  if (ticketUrl === null) return <span className="free-text">{ticket}</span>
  return (
    <Link
      href={ticketUrl}
      external
      rel="noopener noreferrer"
      {...(props.small ? { fontSize: 'body-s' as const } : {})}
    >
      <span className="free-text">{ticket}</span>
    </Link>
  )
}
