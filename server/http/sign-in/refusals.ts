/** Why a sign-in was refused: for the audit trail, never shown with what was in the message. */
export const samlRefusals = [
  // The message.
  'missing',
  'too_large',
  'malformed',
  'doctype',
  'comment',
  'cdata',
  'processing_instruction',
  'encrypted',
  'assertion_count',
  'algorithm',
  'destination',
  'status',
  // The signature.
  'signature',
  'certificate_expired',
  // The assertion.
  'issuer',
  'audience',
  'subject',
  'name_id',
  'recipient',
  'not_yet_valid',
  'expired',
  'no_authentication',
  'session_over',
  'other_request',
  'idp_initiated',
  'replayed',
] as const

export type SamlRefusal = (typeof samlRefusals)[number]

export type SignInRefusal =
  | SamlRefusal
  | 'unknown_person'
  | 'person_disabled'
  | 'unconfirmed_with_aws'
  | 'idp_unknown'
