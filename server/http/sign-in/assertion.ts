/** Gate 3 of the guard (see saml.ts): what the verified bytes say, and whether it holds for us. */
import type { Envelope } from './envelope.ts'
import type { IdpMetadata } from './metadata.ts'
import type { SamlRefusal } from './refusals.ts'
import { clockSkewSecondsMax } from './skew.ts'
import {
  attribute,
  children,
  isElement,
  onlyChild,
  parseXml,
  plainText,
  utcTime,
  type XmlElement,
} from './xml.ts'

export interface AssertionFacts {
  readonly assertionId: string
  readonly nameId: string
  readonly email: string | null
  /** The question that this answers; null: the identity provider spoke first. */
  readonly requestId: string | null
  readonly sessionNotOnOrAfter: Date | null
  readonly assertionNotOnOrAfter: Date
}

export interface AssertionExpectations {
  readonly idp: IdpMetadata
  readonly audience: string
  readonly acsUrl: string
  readonly openRequestIds: readonly string[]
  readonly idpInitiatedAllowed: boolean
  readonly envelope: Envelope
  readonly now: Date
}

const nameCharactersMax = 128
const idCharactersMax = 256
const emailCharactersMax = 254
const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'

export function readAssertion(
  verifiedXml: string,
  expected: AssertionExpectations,
): AssertionFacts | SamlRefusal {
  const assertion = parseXml(verifiedXml)
  if (assertion === null || !isElement(assertion, 'assertion', 'Assertion')) return 'malformed'
  const assertionId = attribute(assertion, 'ID') ?? ''
  if (assertionId === '' || assertionId.length > idCharactersMax) return 'malformed'
  if (attribute(assertion, 'Version') !== '2.0') return 'malformed'
  const issuer = plainText(onlyChild(assertion, 'assertion', 'Issuer'))
  if (issuer !== expected.idp.entityId) return 'issuer'

  const subject = onlyChild(assertion, 'assertion', 'Subject')
  const nameId = plainText(onlyChild(subject, 'assertion', 'NameID'))
  if (nameId === null || !isName(nameId)) return 'name_id'
  const confirmation = readConfirmation(subject, expected)
  if (typeof confirmation === 'string') return confirmation
  const conditionsEnd = readConditions(assertion, expected)
  if (typeof conditionsEnd === 'string') return conditionsEnd
  const sessionEnd = readSessionEnd(assertion, expected.now)
  if (typeof sessionEnd === 'string') return sessionEnd

  return {
    assertionId,
    nameId,
    email: emailOf(assertion),
    requestId: confirmation.requestId,
    sessionNotOnOrAfter: sessionEnd.at,
    assertionNotOnOrAfter: earlier(confirmation.notOnOrAfter, conditionsEnd.at),
  }
}

/** A user name of IAM Identity Center: up to 128 characters, none of them control or format. */
function isName(text: string): boolean {
  return text !== '' && text.length <= nameCharactersMax && !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text)
}

function readConfirmation(
  subject: XmlElement | null,
  expected: AssertionExpectations,
): { requestId: string | null; notOnOrAfter: Date } | SamlRefusal {
  const confirmation = onlyChild(subject, 'assertion', 'SubjectConfirmation')
  if (attribute(confirmation, 'Method') !== bearer) return 'subject'
  const data = onlyChild(confirmation, 'assertion', 'SubjectConfirmationData')
  if (data === null) return 'subject'
  if (attribute(data, 'Recipient') !== expected.acsUrl) return 'recipient'
  const window = readWindow(data)
  if (window === null || window.notOnOrAfter === null) return 'subject'
  const late = timeRefusal(window, expected.now)
  if (late !== null) return late
  const requestId = attribute(data, 'InResponseTo')
  const mismatch = questionRefusal(requestId, expected)
  return mismatch ?? { requestId, notOnOrAfter: window.notOnOrAfter }
}

/** The signed InResponseTo decides; the response's own, which may be unsigned, may not differ. */
function questionRefusal(
  requestId: string | null,
  { envelope, openRequestIds, idpInitiatedAllowed }: AssertionExpectations,
): SamlRefusal | null {
  if (requestId === null) {
    if (envelope.inResponseTo !== null) return 'other_request'
    return idpInitiatedAllowed ? null : 'idp_initiated'
  }
  if (envelope.inResponseTo !== null && envelope.inResponseTo !== requestId) return 'other_request'
  return openRequestIds.includes(requestId) ? null : 'other_request'
}

function readConditions(
  assertion: XmlElement,
  { audience, now }: AssertionExpectations,
): { at: Date | null } | SamlRefusal {
  const conditions = onlyChild(assertion, 'assertion', 'Conditions')
  const window = conditions === null ? null : readWindow(conditions)
  if (conditions === null || window === null) return 'malformed'
  const late = timeRefusal(window, now)
  if (late !== null) return late
  const restrictions = children(conditions, 'assertion', 'AudienceRestriction')
  const isForUs = restrictions.every((restriction) =>
    children(restriction, 'assertion', 'Audience').some((one) => plainText(one) === audience),
  )
  return restrictions.length > 0 && isForUs ? { at: window.notOnOrAfter } : 'audience'
}

function readSessionEnd(assertion: XmlElement, now: Date): { at: Date | null } | SamlRefusal {
  const statements = children(assertion, 'assertion', 'AuthnStatement')
  if (statements.length === 0) return 'no_authentication'
  let earliest: Date | null = null
  for (const statement of statements) {
    const text = attribute(statement, 'SessionNotOnOrAfter')
    if (text === null) continue
    const end = utcTime(text)
    if (end === null) return 'malformed'
    // No skew: a session that is over by our clock would be refused at its first use.
    if (end <= now) return 'session_over'
    earliest = earlier(end, earliest)
  }
  return { at: earliest }
}

interface Window {
  readonly notBefore: Date | null
  readonly notOnOrAfter: Date | null
}

/** Null: one of the times is malformed. */
function readWindow(element: XmlElement): Window | null {
  const texts = [attribute(element, 'NotBefore'), attribute(element, 'NotOnOrAfter')] as const
  const [notBefore, notOnOrAfter] = [utcTime(texts[0]), utcTime(texts[1])]
  const isMalformed =
    (texts[0] !== null && notBefore === null) || (texts[1] !== null && notOnOrAfter === null)
  return isMalformed ? null : { notBefore, notOnOrAfter }
}

function timeRefusal(window: Window, now: Date): 'not_yet_valid' | 'expired' | null {
  const skewMs = clockSkewSecondsMax * 1000
  const { notBefore, notOnOrAfter } = window
  if (notBefore !== null && notBefore.getTime() > now.getTime() + skewMs) return 'not_yet_valid'
  if (notOnOrAfter !== null && notOnOrAfter.getTime() <= now.getTime() - skewMs) return 'expired'
  return null
}

/** For information only: people are matched by user name. */
function emailOf(assertion: XmlElement): string | null {
  const attributes = children(assertion, 'assertion', 'AttributeStatement').flatMap((statement) =>
    children(statement, 'assertion', 'Attribute'),
  )
  const email = attributes.find((one) => attribute(one, 'Name')?.toLowerCase() === 'email')
  const value =
    email === undefined ? null : plainText(onlyChild(email, 'assertion', 'AttributeValue'))
  return value !== null && value !== '' && value.length <= emailCharactersMax ? value : null
}

function earlier(one: Date, other: Date | null): Date {
  return other !== null && other < one ? other : one
}
