import { describe, expect, test } from 'vitest'
import { parseIdpMetadata } from './metadata.ts'
import type { SamlRefusal } from './refusals.ts'
import { makeKeyPair } from './test-certificate.ts'
import {
  always,
  asked,
  base64,
  idp,
  memory,
  now,
  reasonFor,
  seconds,
  stranger,
  unasked,
  verify,
} from './test-guard.ts'
import { makeTestIdp, type ResponseChanges, rsaSha1, sha1 } from './test-idp.ts'

const tampered = (from: string | RegExp, to: string): ResponseChanges => ({
  afterSigning: (xml) => {
    const changed = xml.replace(from, to)
    if (changed === xml) throw new Error('The test changed nothing')
    return changed
  },
})

describe('what is accepted', () => {
  test('a response whose assertion is signed tells who signed in and for how long', async () => {
    const response = idp.response(asked, { assertionId: '_a1', sessionUntil: seconds(3600) })
    expect(await verify(response)).toEqual({
      ok: true,
      assertionId: '_a1',
      nameId: 'taro',
      email: 'taro@example.com',
      requestId: '_asked',
      sessionNotOnOrAfter: seconds(3600),
      assertionNotOnOrAfter: seconds(300),
    })
  })

  test('a response that is signed as well as its assertion is accepted', async () => {
    const response = idp.response(asked, { signs: ['assertion', 'response'] })
    expect(await reasonFor(response)).toBe('accepted')
  })

  test('base64 may be broken into lines', async () => {
    const lines = idp
      .response(asked)
      .match(/.{1,76}/g)!
      .join('\r\n')
    expect(await reasonFor(lines)).toBe('accepted')
  })

  test('a Japanese user name arrives whole', async () => {
    const verdict = await verify(idp.response(asked, { nameId: '山田𠮷夫' }))
    expect(verdict).toMatchObject({ ok: true, nameId: '山田𠮷夫' })
  })

  test('an escaped character in a name is one character', async () => {
    const verdict = await verify(idp.response(asked, { nameId: 'a&amp;b' }))
    expect(verdict).toMatchObject({ ok: true, nameId: 'a&b' })
  })

  test('while certificates are rotated either of the two may sign', async () => {
    const next = makeKeyPair(always)
    const certificates = [next.certificate, idp.key.certificate]
    const both = parseIdpMetadata(idp.metadata({ certificates }), now)
    expect(await reasonFor(idp.response(asked), { idp: both })).toBe('accepted')
    expect(await reasonFor(idp.response(asked, { key: next }), { idp: both })).toBe('accepted')
  })

  test('the assertion is remembered until nobody could accept it any more', async () => {
    let rememberedUntil: Date | null = null
    await verify(idp.response(asked, { conditionsUntil: seconds(200) }), {
      remember: async (_id, until) => {
        rememberedUntil = until
        return true
      },
    })
    expect(rememberedUntil).toEqual(seconds(260))
  })
})

/** Each is accepted when the one thing is right, and refused when it is not. */
const oneThing: readonly [
  rule: string,
  right: ResponseChanges,
  wrong: ResponseChanges,
  reason: SamlRefusal,
][] = [
  [
    "another identity provider's assertion is refused, though our certificate signed it",
    {},
    { assertionIssuer: 'https://idp.example.org/' },
    'issuer',
  ],
  [
    "another identity provider's response is refused",
    {},
    { responseIssuer: 'https://idp.example.org/' },
    'issuer',
  ],
  [
    'a signed response must say who issued it',
    { responseIssuer: null, signs: ['assertion'] },
    {
      signs: ['assertion', 'response'],
      beforeSigning: (xml) =>
        xml.replace(/<saml2:Issuer>/, '<Issuer>').replace('</saml2:Issuer>', '</Issuer>'),
    },
    'issuer',
  ],
  [
    'an assertion for another recipient is refused',
    {},
    { recipient: 'https://other.example.com/auth/saml/acs' },
    'recipient',
  ],
  [
    'a response to another destination is refused',
    {},
    { destination: 'https://other.example.com/auth/saml/acs' },
    'destination',
  ],
  ['a response without a destination is refused', {}, { destination: null }, 'destination'],
  [
    'a subject confirmation that has expired is refused beyond the skew',
    { confirmedUntil: seconds(-59) },
    { confirmedUntil: seconds(-60) },
    'expired',
  ],
  ['a subject confirmation without an end is refused', {}, { confirmedUntil: null }, 'malformed'],
  [
    'conditions that have expired are refused beyond the skew',
    { conditionsUntil: seconds(-59) },
    { conditionsUntil: seconds(-60) },
    'expired',
  ],
  [
    'conditions that begin later are refused beyond the skew',
    { notBefore: seconds(60) },
    { notBefore: seconds(61) },
    'not_yet_valid',
  ],
  ['an assertion without conditions is refused', {}, { withoutConditions: true }, 'audience'],
  ['an assertion for another audience is refused', {}, { audience: 'urn:team:x' }, 'audience'],
  ['an assertion for everybody is refused', {}, { audience: null }, 'audience'],
  [
    'an assertion of no authentication is refused',
    {},
    { withoutAuthnStatement: true },
    'no_authentication',
  ],
  [
    'a session that is over already is refused',
    { sessionUntil: seconds(1) },
    { sessionUntil: seconds(0) },
    'session_over',
  ],
  [
    'a refusal by the identity provider is one, assertion or not',
    {},
    { status: 'Requester' },
    'status',
  ],
  ['a signature with RSA and SHA-1 is refused', {}, { signatureAlgorithm: rsaSha1 }, 'algorithm'],
  [
    'a SHA-1 digest under a strong signature is refused',
    {},
    { digestAlgorithm: sha1 },
    'algorithm',
  ],
  ['an unsigned response is refused', {}, { signs: [] }, 'signature'],
  [
    'a signature on the response alone is refused',
    { signs: ['assertion', 'response'] },
    { signs: ['response'] },
    'signature',
  ],
  ["a stranger's key is refused", {}, { key: stranger }, 'signature'],
  ['a name changed after signing is refused', {}, tampered('>taro<', '>hanako<'), 'signature'],
  [
    'a recipient changed after signing is refused',
    {},
    tampered(/Recipient="[^"]*"/, 'Recipient="https://team.example.com/auth/saml/acs?"'),
    'signature',
  ],
  [
    'a signed response changed outside its assertion is refused',
    { signs: ['assertion', 'response'] },
    {
      signs: ['assertion', 'response'],
      ...tampered('<saml2p:Status>', '<saml2p:Status><saml2p:StatusMessage/>'),
    },
    'signature',
  ],
  [
    'an answer to a question that another browser asked is refused',
    {},
    { responseInResponseTo: '_other', subjectInResponseTo: '_other' },
    'other_request',
  ],
  [
    'the signed InResponseTo counts, not the one of the response',
    {},
    { responseInResponseTo: '_asked', subjectInResponseTo: '_other' },
    'other_request',
  ],
  [
    'a response that disagrees with its assertion about the question is refused',
    { responseInResponseTo: null },
    { responseInResponseTo: '_other' },
    'other_request',
  ],
  [
    'a signature where none belongs is refused, signed over or not',
    {},
    {
      email: '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
    },
    'signature',
  ],
  [
    "a stranger's assertion in a response of our identity provider is refused",
    { signs: ['response'], beforeSigning: () => idp.xml(asked) },
    { signs: ['response'], beforeSigning: () => idp.xml(asked, { key: stranger }) },
    'signature',
  ],
  ['an empty name is refused', {}, { nameId: '' }, 'name_id'],
  [
    'a name longer than a user name is refused',
    { nameId: 'x'.repeat(128) },
    { nameId: 'x'.repeat(129) },
    'name_id',
  ],
  ['a name with an invisible character is refused', {}, { nameId: 'ta\u200bro' }, 'name_id'],
  ['a name with an element in it is refused', {}, { nameId: 'ta<x/>ro' }, 'name_id'],
  [
    'a document type in front is refused',
    {},
    { afterSigning: (xml) => `<!DOCTYPE x>${xml}` },
    'doctype',
  ],
  [
    'an entity that spells another name is refused',
    {},
    { afterSigning: (xml) => `<!DOCTYPE x [<!ENTITY e "admin">]>${xml.replace('taro', '&e;')}` },
    'doctype',
  ],
  ['a comment in the name is refused', {}, tampered('>taro<', '>ta<!-- -->ro<'), 'comment'],
  [
    'a comment that was signed into the name is refused too',
    {},
    { nameId: 'admin<!-- -->.evil' },
    'comment',
  ],
  ['character data in the name is refused', {}, tampered('>taro<', '><![CDATA[taro]]><'), 'cdata'],
  [
    'a processing instruction in the name is refused',
    {},
    tampered('>taro<', '>ta<?x?>ro<'),
    'processing_instruction',
  ],
  [
    'an encrypted assertion is refused, for TEAM has no key to open one',
    {},
    tampered('<saml2:Assertion ', '<saml2:EncryptedAssertion/><saml2:Assertion '),
    'encrypted',
  ],
  ['a second root is refused', {}, { afterSigning: (xml) => `${xml}${xml}` }, 'malformed'],
  [
    'an XML declaration is allowed, a second one is not',
    { afterSigning: (xml) => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}` },
    { afterSigning: (xml) => `<?xml version="1.0"?><?xml version="1.0"?>${xml}` },
    'processing_instruction',
  ],
  [
    'a subject that nobody bears is refused',
    {},
    { beforeSigning: (xml) => xml.replace('cm:bearer', 'cm:holder-of-key') },
    'subject',
  ],
  [
    'a time without its zone is refused',
    {},
    { beforeSigning: (xml) => xml.replace(/NotBefore="([^"]*)Z"/, 'NotBefore="$1"') },
    'malformed',
  ],
  [
    'an assertion of SAML 1.1 is refused',
    {},
    { beforeSigning: (xml) => xml.replace(/(<saml2:Assertion [^>]*Version=)"2.0"/, '$1"1.1"') },
    'malformed',
  ],
]

describe('one thing wrong', () => {
  for (const [rule, right, wrong, reason] of oneThing) {
    test(rule, async () => {
      expect(await reasonFor(idp.response(asked, right))).toBe('accepted')
      expect(await reasonFor(idp.response(asked, wrong))).toBe(reason)
    })
  }
})

describe('an answer to no question', () => {
  test('is refused unless the setting allows it', async () => {
    const options = { openRequestIds: [] }
    const allowed = { ...options, idpInitiatedAllowed: true }
    expect(await reasonFor(idp.response(unasked), allowed)).toBe('accepted')
    expect(await reasonFor(idp.response(unasked), options)).toBe('idp_initiated')
  })

  test('cannot be made of an answer to a question by taking the unsigned InResponseTo off', async () => {
    const stripped = idp.response(asked, { responseInResponseTo: null })
    const options = { openRequestIds: [], idpInitiatedAllowed: true }
    expect(await reasonFor(stripped, options)).toBe('other_request')
  })

  test('cannot be made into an answer by putting an unsigned InResponseTo on', async () => {
    const dressed = idp.response(unasked, { responseInResponseTo: '_asked' })
    expect(await reasonFor(dressed, { idpInitiatedAllowed: true })).toBe('other_request')
  })
})

describe('once', () => {
  for (const [kind, facts] of [
    ['an answer', asked],
    ['an unasked assertion', unasked],
  ] as const) {
    test(`${kind} is accepted once and refused the second time`, async () => {
      const remember = memory()
      const response = idp.response(facts)
      const options = { remember, idpInitiatedAllowed: true }
      expect(await reasonFor(response, options)).toBe('accepted')
      expect(await reasonFor(response, options)).toBe('replayed')
    })
  }

  test('the same assertion in another envelope is a replay', async () => {
    const remember = memory()
    const xml = idp.xml(asked)
    expect(await reasonFor(base64(xml), { remember })).toBe('accepted')
    const dressed = xml.replace(
      /^<saml2p:Response ([^>]*)ID="[^"]*"/,
      '<saml2p:Response $1ID="_new"',
    )
    expect(dressed).not.toBe(xml)
    expect(await reasonFor(base64(dressed), { remember })).toBe('replayed')
  })

  test('a refused assertion is not used up', async () => {
    const remember = memory()
    const response = idp.response(asked)
    expect(await reasonFor(response, { remember, openRequestIds: [] })).toBe('other_request')
    expect(await reasonFor(response, { remember })).toBe('accepted')
  })
})

describe('time is the one handed in', () => {
  test('an assertion of 2031 is accepted in 2031 and no sooner', async () => {
    const then = new Date('2031-01-01T00:00:00Z')
    const longLived = makeTestIdp()
    const of2031 = longLived.response({ ...asked, now: then })
    const known = parseIdpMetadata(longLived.metadata(), now)
    expect(await reasonFor(of2031, { at: then, idp: known })).toBe('accepted')
    expect(await reasonFor(of2031, { at: now, idp: known })).toBe('not_yet_valid')
  })

  test('a signature by a certificate that has run out since is refused', async () => {
    const brief = makeTestIdp({ from: seconds(-60), until: seconds(60) })
    const known = parseIdpMetadata(brief.metadata(), now)
    const options = { idp: known }
    expect(await reasonFor(brief.response(asked), options)).toBe('accepted')
    expect(await reasonFor(brief.response(asked), { ...options, at: seconds(60) })).toBe(
      'certificate_expired',
    )
  })
})
