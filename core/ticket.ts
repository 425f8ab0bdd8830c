/**
 * The address of a ticket in the tracker, made from the template that administrators set. What a
 * person typed may fill one place of a path, a query or a fragment and nothing else: never the
 * host, so that no ticket leads a reader elsewhere.
 */
export const ticketPlace = '{ticket}'
export const ticketTemplateCharactersMax = 500

export type TemplateFault = 'address' | 'https' | 'place' | 'host'

/** Null: it can be used. */
export function ticketTemplateFault(template: string): TemplateFault | null {
  if (template.split(ticketPlace).length !== 2) return 'place'
  const [one, other] = ['a', 'b'].map((ticket) => template.replace(ticketPlace, ticket))
  if (one === undefined || other === undefined) return 'place'
  if (!URL.canParse(one) || !URL.canParse(other)) return 'address'
  const url = new URL(one)
  if (url.protocol !== 'https:') return 'https'
  if (url.username !== '' || url.password !== '') return 'address'
  return url.origin === new URL(other).origin ? null : 'host'
}

export function ticketUrl(template: string | null, ticket: string | null): string | null {
  if (template === null || ticket === null || ticketTemplateFault(template) !== null) return null
  // Dots alone would climb up the path, whichever way they are written.
  if (/^\.+$/.test(ticket)) return null
  // A function, because in a text `$&` and its like would mean something.
  return new URL(template.replace(ticketPlace, () => encodeURIComponent(ticket))).href
}
