import { expect, test } from 'vitest'
import { Chance } from './chance.ts'
import { takeOverProcess, VirtualTime } from './virtual-time.ts'

test('the limit of a call that a copy makes runs out when the simulation says so', () => {
  const giveBack = takeOverProcess(new Chance(1))
  const time = new VirtualTime({ nowMs: 0, orders: 0 }, () => 0)
  try {
    const limit = time.run(() => AbortSignal.timeout(8_000))
    expect(limit.aborted).toBe(false)
    time.earliest()?.fire()
    expect(limit.aborted).toBe(true)
    expect((limit.reason as Error).name).toBe('TimeoutError')
  } finally {
    giveBack()
  }
  expect(AbortSignal.timeout(8_000).aborted).toBe(false)
})
