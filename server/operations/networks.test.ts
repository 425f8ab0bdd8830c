import { expect, test } from 'vitest'
import { isWithin, parseNetwork, plainAddress } from './networks.ts'

test.each([
  ['203.0.113.7', ['203.0.113.0/24'], true],
  ['203.0.114.7', ['203.0.113.0/24'], false],
  ['203.0.113.7', ['203.0.113.7'], true],
  ['203.0.113.8', ['203.0.113.7'], false],
  ['::ffff:203.0.113.7', ['203.0.113.0/24'], true],
  ['2001:db8::1', ['2001:db8::/32'], true],
  ['2001:DB8:0:0::1', ['2001:db8::1'], true],
  ['2001:db9::1', ['2001:db8::/32'], false],
  ['203.0.113.7', ['::/0'], false],
  ['2001:db8::1', ['0.0.0.0/0'], false],
  ['not an address', ['0.0.0.0/0', '::/0'], false],
  ['203.0.113.7', ['nonsense'], false],
  ['203.0.113.7', [], false],
])('%s within %j: %j', (address, networks, expected) => {
  expect(isWithin(address, networks)).toBe(expected)
})

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4/33',
  '::1/129',
  '1.2.3.4/',
  '1.2.3.4/-1',
  '::1%eth0',
])('%j is no network', (text) => expect(parseNetwork(text)).toBeNull())

test('an IPv4 address of an IPv6 socket is an IPv4 address', () => {
  expect(plainAddress('::ffff:127.0.0.1')).toBe('127.0.0.1')
})
