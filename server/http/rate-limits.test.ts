import { describe, expect, test } from 'vitest'
import { Browser, buildTestHouse } from '#test/http-house.ts'

describe('too many requests', () => {
  test('one session is slowed down, and told for how long', async () => {
    const rateLimits = {
      addressPerMinute: 100,
      signInPerMinute: 100,
      sessionPerMinute: 3,
      tokenPerMinute: 3,
    }
    const strict = await buildTestHouse({
      rateLimits,
      register: (app) =>
        void app.get('/api/v1/me', { config: { permission: 'me.read' } }, async () => 'me'),
    })
    try {
      const [eager, calm] = [new Browser(strict), new Browser(strict)]
      await eager.signIn('taro')
      await calm.signIn('hanako')
      const read = (one: Browser) => one.send({ method: 'GET', url: '/api/v1/me' })
      for (let count = 0; count < 3; count++) expect((await read(eager)).statusCode).toBe(200)
      const response = await read(eager)
      expect(response.json()).toMatchObject({ status: 429, code: 'rate_limited' })
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
      expect((await read(calm)).statusCode).toBe(200)
    } finally {
      await strict.close()
    }
  })

  test('guessing at sign-ins is slowed down by address', async () => {
    const rateLimits = {
      addressPerMinute: 100,
      signInPerMinute: 2,
      sessionPerMinute: 100,
      tokenPerMinute: 100,
    }
    const strict = await buildTestHouse({ rateLimits })
    try {
      const statuses: number[] = []
      for (let count = 0; count < 3; count++) {
        statuses.push((await new Browser(strict).post('forged')).statusCode)
      }
      expect(statuses).toEqual([403, 403, 429])
      expect(strict.refused).toHaveLength(2)
    } finally {
      await strict.close()
    }
  })
})
