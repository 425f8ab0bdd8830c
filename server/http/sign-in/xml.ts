/**
 * XML as SAML needs it: namespaces known, nothing expanded, nothing forgiven. What a signature does
 * not cover but a reader might stumble over (document types, comments, CDATA, processing
 * instructions) is refused before anything is parsed: no identity provider sends them, and every
 * one of them has been an attack.
 */
import { createRequire } from 'node:module'

/** The few members of a DOM element that are used here. */
export interface XmlElement {
  readonly localName: string
  readonly namespaceURI: string | null
  readonly textContent: string | null
  readonly parentNode: XmlElement | null
  readonly childNodes: ArrayLike<XmlElement & { readonly nodeType: number }>
  getAttribute(name: string): string | null
  hasAttribute(name: string): boolean
  getElementsByTagNameNS(namespace: string, localName: string): ArrayLike<XmlElement>
}

interface XmlParser {
  parseFromString(xml: string, type: 'text/xml'): Pick<XmlElement, 'childNodes'>
}

interface XmlLibrary {
  DOMParser: new (options: {
    errorHandler: Record<'warning' | 'error' | 'fatalError', (message: string) => never>
  }) => XmlParser
}

// The package's own types bring the whole browser DOM into a program that has none.
const { DOMParser }: XmlLibrary = createRequire(import.meta.url)('@xmldom/xmldom')

export const namespaces = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
} as const

export type Namespace = keyof typeof namespaces

export type Markup = 'doctype' | 'comment' | 'cdata' | 'processing_instruction'

/** `<` is never literal in well-formed text or attributes, so plain search is exact. */
export function forbiddenMarkup(xml: string): Markup | null {
  const body = xml.replace(/^\uFEFF?\s*<\?xml\s[^?<>]*\?>/, '')
  if (body.includes('<?')) return 'processing_instruction'
  if (body.includes('<!--')) return 'comment'
  if (body.includes('<![')) return 'cdata'
  return body.includes('<!') ? 'doctype' : null
}

const elementNode = 1
const textNode = 3

/** The root element; null if this is not one well-formed document. */
export function parseXml(xml: string): XmlElement | null {
  const refuse = (message: string): never => {
    throw new Error(message)
  }
  try {
    const parser = new DOMParser({
      errorHandler: { warning: refuse, error: refuse, fatalError: refuse },
    })
    const nodes = Array.from(parser.parseFromString(xml, 'text/xml').childNodes)
    const roots = nodes.filter((node) => node.nodeType === elementNode)
    const strayText = nodes.some(
      (node) => node.nodeType === textNode && (node.textContent ?? '').trim() !== '',
    )
    return roots.length === 1 && !strayText ? (roots[0] ?? null) : null
  } catch {
    return null
  }
}

export function isElement(element: XmlElement, namespace: Namespace, name: string): boolean {
  return element.localName === name && element.namespaceURI === namespaces[namespace]
}

export function children(parent: XmlElement, namespace: Namespace, name: string): XmlElement[] {
  return Array.from(parent.childNodes).filter(
    (node) => node.nodeType === elementNode && isElement(node, namespace, name),
  )
}

/** Null unless there is exactly one. */
export function onlyChild(
  parent: XmlElement | null,
  namespace: Namespace,
  name: string,
): XmlElement | null {
  if (parent === null) return null
  const found = children(parent, namespace, name)
  return found.length === 1 ? (found[0] ?? null) : null
}

/** Elements of this name at any depth, in any namespace unless one is given. */
export function descendants(
  root: XmlElement,
  name: string,
  namespace: Namespace | '*' = '*',
): XmlElement[] {
  return Array.from(
    root.getElementsByTagNameNS(namespace === '*' ? '*' : namespaces[namespace], name),
  )
}

/** Null if absent; an empty attribute is the empty text. */
export function attribute(element: XmlElement | null, name: string): string | null {
  if (element === null || !element.hasAttribute(name)) return null
  return element.getAttribute(name)
}

/** The text of an element that holds nothing but text, without the space around it. */
export function plainText(element: XmlElement | null): string | null {
  if (element === null) return null
  const isPlain = Array.from(element.childNodes).every((node) => node.nodeType === textNode)
  return isPlain ? (element.textContent ?? '').trim() : null
}

const dateTimePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/

/** SAML times are in UTC (SAML core, "Time Values"). Null: malformed. */
export function utcTime(text: string | null): Date | null {
  if (text === null || !dateTimePattern.test(text)) return null
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? null : time
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
}
