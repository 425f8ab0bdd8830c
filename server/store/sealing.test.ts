import { describe, expect, test } from 'vitest'
import { createSealer } from './sealing.ts'

const first = 'the first secret of this installation'
const second = 'the second secret of this installation'
const sealer = createSealer({ current: first, previous: null }, 'here')
const token = 'xoxb-1234567890-abcdef'
const sealed = sealer.seal('slackToken', token)

describe('a sealed secret', () => {
  test('is opened by the secret that sealed it', () => {
    expect(sealer.open('slackToken', sealed)).toEqual({
      kind: 'opened',
      text: token,
      isCurrent: true,
    })
  })

  test('is another text each time, and neither shows what it holds', () => {
    const again = sealer.seal('slackToken', token)
    expect(again).not.toBe(sealed)
    for (const one of [again, sealed]) {
      const [, , content = ''] = one.split('.')
      expect(one).not.toContain(token)
      expect(Buffer.from(content, 'base64url').toString('latin1')).not.toContain('xoxb')
    }
  })

  test('is opened while rotating, and known to be an old one', () => {
    const rotating = createSealer({ current: second, previous: first }, 'here')
    expect(rotating.open('slackToken', sealed)).toEqual({
      kind: 'opened',
      text: token,
      isCurrent: false,
    })
    expect(rotating.seal('slackToken', token)).toContain(`v1.${rotating.keyId}.`)
  })

  test('stays shut to another secret, which is told apart from damage', () => {
    const other = createSealer({ current: second, previous: null }, 'here')
    expect(other.open('slackToken', sealed)).toEqual({ kind: 'unknown_key' })
  })

  const [version, keyId, content = ''] = sealed.split('.')
  const flipped = Buffer.from(content, 'base64url')
  flipped[20]! ^= 1
  const damages: [string, string, string][] = [
    ['passed for another secret', 'webhookSecret', sealed],
    ['with a bit changed', 'slackToken', `${version}.${keyId}.${flipped.toString('base64url')}`],
    ['cut short', 'slackToken', sealed.slice(0, -4)],
    ['cut to a few bytes', 'slackToken', `${version}.${keyId}.AAAA`],
    ['of another version', 'slackToken', sealed.replace('v1.', 'v2.')],
    ['that was never sealed', 'slackToken', token],
    ['that is nothing', 'slackToken', ''],
  ]
  test.each(damages)('%s is not opened', (_, name, text) => {
    expect(sealer.open(name, text)).toEqual({ kind: 'damaged' })
  })

  test('of another installation is not opened, even under the same TEAM_SECRET', () => {
    const elsewhere = createSealer({ current: first, previous: null }, 'elsewhere')
    expect(elsewhere.open('slackToken', sealed)).toEqual({ kind: 'damaged' })
  })

  test('names its key by an id that is no part of the key material', () => {
    expect(sealer.keyId).toMatch(/^[0-9a-f]{16}$/)
    expect(sealed.split('.')[1]).toBe(sealer.keyId)
    const inHex = Buffer.from(first).toString('hex')
    expect(inHex).not.toContain(sealer.keyId)
  })
})
