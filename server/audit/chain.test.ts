import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type EventHeader, headerText } from './chain.ts'

const text = fc.string({ unit: 'grapheme' })

test('the header written by hand is the canonical JSON of the library', () => {
  const header: fc.Arbitrary<EventHeader> = fc.record({
    seq: fc.nat(),
    at: fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }),
    actor: fc.record({
      type: fc.constantFrom('user' as const, 'token' as const, 'system' as const),
      id: text,
      name: text,
    }),
    action: text,
    object: fc.record({ type: text, id: text }),
    result: text,
  })
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(header, hash, (one, payloadHash) => {
      const whole = { ...one, at: one.at.toISOString(), payloadHash: payloadHash.toString('hex') }
      expect(headerText(one, payloadHash)).toBe(canonicalJson(whole))
    }),
  )
})

test('a name that is no Unicode is refused, not written as something else', () => {
  const actor = { type: 'user', id: 'u', name: '\ud800' } as const
  const object = { type: 'request', id: 'r' }
  const header = { seq: 1, at: new Date(0), actor, action: 'x', object, result: 'done' }
  expect(() => headerText(header, Buffer.alloc(32))).toThrow('Lone surrogate')
})
