/**
 * As docs/operate/production.md has it: two copies behind a proxy, on PostgreSQL by TLS, as an
 * unprivileged user in a folder that it cannot write to; one is replaced after the other.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { compileOnce } from '../kill/program.ts'
import { until } from '../kill/until.ts'
import type { Person } from '../person.ts'
import { Balancer } from './balancer.ts'
import { Scene } from './scene.ts'

const drainSeconds = 1
const paceMs = 60
const knockEveryMs = 10
const grantsWhileRestarting = 4

/** A removal is late a minute beyond its end; here there is no reason for more than this. */
const excessSecondsMax = 10

interface Work {
  readonly done: number
  /** Whatever was not answered as it should be. */
  readonly wrong: readonly string[]
}

/** Reads, asks for a preview, and makes requests and takes them back, until it is told to stop. */
async function work(person: Person, scene: Scene, isOver: () => boolean): Promise<Work> {
  const wrong: string[] = []
  let done = 0
  const see = (what: string, wanted: number, status: number) => {
    done += 1
    if (status !== wanted) wrong.push(`${what} answered ${status}`)
  }
  while (!isOver()) {
    try {
      see('GET /me', 200, (await person.get('/me')).status)
      see('GET /requests', 200, (await person.get('/requests?view=mine')).status)
      const target = scene.newTarget()
      const asked = { targets: [target], durationMinutes: 60, justification: 'While it restarts' }
      const made = await person.post<{ requests: { id: string }[] }>('/requests', asked)
      see('POST /requests', 201, made.status)
      const id = made.body.requests[0]?.id
      see('POST /cancel', 200, (await person.post(`/requests/${id}/cancel`)).status)
      scene.giveBackTarget(target)
    } catch (error) {
      wrong.push(error instanceof Error ? `${error.message} ${error.cause}` : String(error))
    }
    await pause(paceMs)
  }
  return { done, wrong }
}

/** Somebody who asks so often that no moment is left out. */
async function knock(url: string, isOver: () => boolean): Promise<Work> {
  const wrong: string[] = []
  let done = 0
  while (!isOver()) {
    const said = await fetch(`${url}/healthz`).then(
      ({ status }) => String(status),
      (error: Error) => error.message,
    )
    done += 1
    if (said !== '200') wrong.push(`GET /healthz: ${said}`)
    await pause(knockEveryMs)
  }
  return { done, wrong }
}

const knockers = (url: string, isOver: () => boolean) =>
  Array.from({ length: 2 }, () => knock(url, isOver))

test('both copies are replaced while people work and grants end: no request fails, no removal is late', async () => {
  await compileOnce()
  const scene = await Scene.open({
    tls: true,
    unprivileged: true,
    environment: { TEAM_DRAIN_SECONDS: String(drainSeconds) },
  })
  onTestFinished(() => scene.close())
  const { house } = scene
  const { leading, other } = await house.twoCopies()
  const balancer = await Balancer.open()
  onTestFinished(() => balancer.close())
  for (const { port } of [leading, other]) balancer.add(port)
  house.leadPeopleTo(balancer)

  const grants: string[] = []
  for (let at = 0; at < grantsWhileRestarting; at += 1) {
    grants.push(await scene.getAccess(other, scene.newTarget()))
  }
  let over = false
  const person = scene.user({ url: balancer.url })
  const isOver = () => over
  const working = [work(person, scene, isOver), ...knockers(balancer.url, isOver)]
  // One after another, from now until well into the second restart.
  for (const [at, id] of grants.entries()) await house.endsIn(id, 1 + at * 1.5)

  for (const old of [other, leading]) {
    const next = await house.start()
    balancer.add(next.port)
    const stopped = house.stop(old)
    await until('the proxy has turned away', async () => !balancer.isTurnedTo(old.port))
    expect(await stopped).toBe(0)
    balancer.remove(old.port)
  }
  const [left] = house.running()
  if (left === undefined) throw new Error('No copy runs')
  for (const id of grants) {
    const { excessSeconds } = await scene.untilStatus(left, id, 'ended')
    expect(excessSeconds).toBeLessThan(excessSecondsMax)
  }
  over = true
  const results = await Promise.all(working)

  expect(results.flatMap(({ wrong }) => wrong)).toEqual([])
  expect(balancer.failures).toEqual([])
  expect(results.reduce((sum, { done }) => sum + done, 0)).toBeGreaterThan(200)
  expect(await house.query(`select from audit_event where action = 'access.removal_late'`)).toEqual(
    [],
  )
  expect((await house.lead())?.copy.name).not.toBe(leading.name)
  await scene.expectAllWell(left)
})
