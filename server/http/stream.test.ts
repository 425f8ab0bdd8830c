import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Browser, buildTestHouse, type House } from '#test/http-house.ts'
import type { Every } from './ports.ts'
import {
  heartbeatSeconds,
  type LiveEvent,
  registerStream,
  sessionCheckSeconds,
  streamsPerPersonMax,
  waitingEventsMax,
} from './stream.ts'

interface Listener {
  readonly afterSeq: number | null
  readonly onEvent: (event: LiveEvent) => void
  closed: boolean
}

let house: House
let origin: string
const listeners: Listener[] = []
const timers: { milliseconds: number; run: () => void; stopped: boolean }[] = []

const every: Every = (milliseconds, run) => {
  const timer = { milliseconds, run, stopped: false }
  timers.push(timer)
  return {
    stop: () => {
      timer.stopped = true
    },
  }
}

/** Time passes for the timers of this length. */
function tick(seconds: number) {
  for (const timer of timers) {
    if (timer.milliseconds === seconds * 1000 && !timer.stopped) timer.run()
  }
}

beforeAll(async () => {
  house = await buildTestHouse({
    register: (app, built) =>
      registerStream(app, {
        publicUrl: built.publicUrl,
        sessions: built.sessions,
        people: {
          loadActor: async (userId) => {
            const person = built.people.get(userId)
            if (person === undefined) return null
            const { userName, enabled, roles } = person
            const email = null
            return {
              person: {
                userId,
                userName,
                displayName: userName,
                email,
                enabled,
                groupIds: new Set(),
              },
              roles: new Set(roles),
            }
          },
        },
        subscribe: (afterSeq, onEvent) => {
          const listener: Listener = { afterSeq, onEvent, closed: false }
          listeners.push(listener)
          return {
            close: () => {
              listener.closed = true
            },
          }
        },
        mayReceive: (actor, event) =>
          actor.roles.has('admin') || event.id.startsWith(actor.person.userName),
        every,
      }),
  })
  origin = await house.app.listen({ port: 0, host: '127.0.0.1' })
})
beforeEach(async () => {
  await house.reset()
  listeners.length = 0
  timers.length = 0
})
afterAll(() => house.close())

class Stream {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>
  readonly response: Response
  text = ''

  constructor(response: Response) {
    this.response = response
    this.reader = response.body!.getReader()
  }

  /** Reads until the text is there, or the stream ends. */
  async until(wanted: string): Promise<string> {
    while (!this.text.includes(wanted)) {
      const { value, done } = await this.reader.read()
      if (done) throw new Error(`The stream ended without ${wanted}: ${this.text}`)
      this.text += new TextDecoder().decode(value)
    }
    return this.text
  }

  async untilEnd(): Promise<string> {
    for (;;) {
      const { value, done } = await this.reader.read()
      if (done) return this.text
      this.text += new TextDecoder().decode(value)
    }
  }
}

interface Opening {
  readonly lastEventId?: string
  readonly after?: string
}

function request(browser: Browser, { lastEventId, after }: Opening = {}) {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
  return fetch(`${origin}/api/v1/stream${query}`, {
    headers: { cookie, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
  })
}

async function open(userName = 'taro', opening: Opening = {}) {
  const browser = new Browser(house)
  await browser.signIn(userName)
  const stream = new Stream(await request(browser, opening))
  await stream.until('retry: 2000\n\n')
  return { browser, stream }
}

function publish(seq: number, id: string) {
  for (const { onEvent } of listeners) onEvent({ seq, type: 'request', id, version: seq })
}

describe('what is told', () => {
  test('what changed, in order, with the number to go on from', async () => {
    const { stream } = await open()
    publish(7, 'taro-1')
    publish(8, 'taro-2')
    expect(await stream.until('"taro-2"')).toContain(
      [
        'id: 7\ndata: {"type":"request","id":"taro-1","version":7}',
        'id: 8\ndata: {"type":"request","id":"taro-2","version":8}',
      ].join('\n\n'),
    )
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers.get('content-security-policy')).toMatch("default-src 'none'")
  })

  test('what a person may not see is not told, until they may', async () => {
    const { stream } = await open()
    publish(1, 'hanako-1')
    publish(2, 'taro-1')
    expect(await stream.until('taro-1')).not.toContain('hanako')
    house.people.get('u-taro')!.roles.push('admin')
    publish(3, 'hanako-2')
    await stream.until('hanako-2')
  })

  const beginnings: [string, Opening, number | null][] = [
    ['that comes back is told from where it was', { lastEventId: '41' }, 41],
    ['that knows a change is told from there', { after: '40' }, 40],
    ['that got further since is told from there', { lastEventId: '41', after: '40' }, 41],
    ['with a stranger number is told from now', { lastEventId: "1' or 1=1", after: '-1' }, null],
    ['that is new is told from now', {}, null],
  ]
  test.each(beginnings)('a browser %s', async (_, opening, from) => {
    await open('taro', opening)
    expect(listeners.map(({ afterSeq }) => afterSeq)).toEqual([from])
  })

  test('a quiet stream says that it is alive', async () => {
    const { stream } = await open()
    tick(heartbeatSeconds)
    await stream.until(': alive\n\n')
  })
})

describe('when it ends', () => {
  const endings: [string, (browser: Browser) => unknown][] = [
    [
      'signing out ends it at once',
      async (browser) =>
        browser.send({
          method: 'POST',
          url: '/auth/logout',
          headers: { 'x-team-csrf': await browser.csrfToken() },
        }),
    ],
    [
      'an event for somebody disabled ends it instead',
      () => {
        house.people.get('u-taro')!.enabled = false
        publish(1, 'taro-1')
      },
    ],
    [
      'within a minute of being disabled it ends without any event',
      () => {
        house.people.get('u-taro')!.enabled = false
        tick(sessionCheckSeconds)
      },
    ],
    [
      'an idle hour ends it: to listen is not to be active',
      () => {
        house.world.now = new Date(house.world.now.getTime() + 60 * 60_000)
        tick(sessionCheckSeconds)
      },
    ],
    [
      'a reader too slow for what is to be told is let go',
      () => {
        for (let seq = 1; seq <= waitingEventsMax + 2; seq++) publish(seq, 'taro-1')
      },
    ],
  ]
  for (const [rule, end] of endings) {
    test(rule, async () => {
      const { browser, stream } = await open()
      await end(browser)
      await stream.untilEnd()
      expect(listeners.every(({ closed }) => closed)).toBe(true)
      expect(timers.every(({ stopped }) => stopped)).toBe(true)
    })
  }

  test('a live session goes on through its checks', async () => {
    const { stream } = await open()
    tick(sessionCheckSeconds)
    publish(1, 'taro-1')
    await stream.until('taro-1')
  })
})

describe('who may listen', () => {
  test('nobody without a session', async () => {
    expect((await request(new Browser(house))).status).toBe(401)
  })

  test('a person on ten pages at once, and on another when one is closed', async () => {
    const first = await open('hanako')
    for (let count = 1; count < streamsPerPersonMax; count++) await open('hanako')
    const refused = await request(first.browser)
    expect(await refused.json()).toMatchObject({ status: 429, code: 'rate_limited' })
    expect((await open('taro')).stream.response.status).toBe(200)
    await first.browser.send({
      method: 'POST',
      url: '/auth/logout',
      headers: { 'x-team-csrf': await first.browser.csrfToken() },
    })
    expect((await open('hanako')).stream.response.status).toBe(200)
  })
})
