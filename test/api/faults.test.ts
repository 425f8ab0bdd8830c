/**
 * One fault at each call of a grant's life, and what stands on AWS's side second by second: nothing
 * before the intent, nothing after the end but for as long as TEAM itself says.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let user: Person
let targets: TargetNamed[]

beforeAll(async () => {
  scene = await createScene()
  const admin = await scene.world.person('test-admin')
  user = await scene.world.person('test-user')
  await scene.eligibility(admin, { approvalRequired: false })
  await scene.approval(admin)
  const accounts = scene.organization.accounts.filter(
    ({ name }) => name !== 'Management' && name !== 'legacy-dev',
  )
  const sets = ['AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess', 'Billing']
  targets = accounts.flatMap(({ name }) => sets.map((set) => scene.target(name, set)))
})
afterAll(() => scene.close())

interface Fault {
  readonly operation: string
  readonly error?: string
  readonly failureReason?: string
  readonly dropConnection?: 'before' | 'after'
  readonly times: number
}

const answers = (operation: string, errors: readonly string[]): Fault[] =>
  errors.map((error) => ({ operation, error, times: 2 }))
const drops = (operation: string): Fault[] =>
  (['before', 'after'] as const).map((dropConnection) => ({ operation, dropConnection, times: 1 }))

const busy = ['ThrottlingException', 'ConflictException', 'InternalServerException']
const faults: Fault[] = [
  ...answers('CreateAccountAssignment', [
    ...busy,
    'ServiceQuotaExceededException',
    'AccessDeniedException',
    'ValidationException',
    'ResourceNotFoundException',
  ]),
  ...drops('CreateAccountAssignment'),
  { operation: 'CreateAccountAssignment', failureReason: 'Received a 403 status error', times: 1 },
  ...answers('DeleteAccountAssignment', [
    ...busy,
    'AccessDeniedException',
    'ResourceNotFoundException',
  ]),
  ...drops('DeleteAccountAssignment'),
  { operation: 'DeleteAccountAssignment', failureReason: 'Received a 404 status error', times: 1 },
  ...answers('DescribeAccountAssignmentCreationStatus', [...busy, 'ResourceNotFoundException']),
  ...answers('DescribeAccountAssignmentDeletionStatus', [...busy, 'ResourceNotFoundException']),
  ...drops('DescribeAccountAssignmentCreationStatus'),
  ...answers('ListAccountAssignmentCreationStatus', ['ThrottlingException']),
  ...answers('ListAccountAssignmentDeletionStatus', ['InternalServerException']),
  ...answers('ListAccountAssignments', ['ThrottlingException', 'InternalServerException']),
  ...answers('DescribePermissionSet', ['InternalServerException']),
  ...answers('DescribeUser', ['InternalServerException']),
]

const durationMs = 60_000
/** Looked at each second, but for quiet times. */
const watchedMs = 130_000
const beginningMs = 15_000
const activationMs = 10 * 60_000
/** AWS takes two seconds over each deletion here, and a denied one is tried again after 15 min. */
const removedWithinMs = 16 * 60_000

for (const fault of faults) {
  const { operation, error, dropConnection, failureReason } = fault
  const what = error ?? failureReason ?? `connection dropped ${dropConnection} the effect`
  test(`${operation}: ${what}. The access ends, and its excess is not understated`, async () => {
    const target = nextTarget()
    const request = await scene.ask(user, target, { durationMinutes: 1 })
    scene.fault(fault)
    const askedAt = scene.world.now().getTime()
    let lastHeldAt = 0
    const until = askedAt + watchedMs
    while (scene.world.now().getTime() < until) {
      const quietFor = await quietSeconds(request.id, askedAt)
      if (quietFor > 0) await scene.world.leap(quietFor)
      await scene.world.pass(1)
      if (scene.holders(target).length > 0) lastHeldAt = scene.world.now().getTime()
    }
    scene.clearFaults()
    while (scene.world.now().getTime() - askedAt < removedWithinMs) {
      await scene.world.leap(60)
      await scene.world.pass(12)
      if (scene.holders(target).length > 0) lastHeldAt = scene.world.now().getTime()
      if (lastHeldAt < askedAt + 130_000 && isOver(await user.request(request.id))) break
    }
    await scene.world.pass(15)
    expect(scene.holders(target)).toEqual([])
    const after = await user.request(request.id)
    expect(['ended', 'failed']).toContain(after.status)
    const endsAt = after.endsAt === null ? askedAt : Date.parse(after.endsAt)
    expect(endsAt - askedAt).toBeLessThanOrEqual(activationMs + durationMs)
    const overrun = Math.max(0, (lastHeldAt - endsAt) / 1000)
    if (after.status === 'ended') expect(after.excessSeconds).toBeGreaterThanOrEqual(overrun)
    // Whatever may still land is waited for, and taken away.
    await scene.world.leap(16 * 60)
    await scene.world.pass(15)
    expect(scene.holders(target)).toEqual([])
    user = await scene.world.person('test-user')
    targets.push(target)
  })
}

/** For so long nothing happens: access stands, and its end is not near. */
async function quietSeconds(id: string, askedAt: number): Promise<number> {
  const nowMs = scene.world.now().getTime()
  if (nowMs < askedAt + beginningMs) return 0
  const { status, endsAt } = await user.request(id)
  if (isOver({ status })) return Math.max(0, askedAt + watchedMs - 5_000 - nowMs) / 1000
  if (status !== 'active' || endsAt === null) return 0
  return Math.max(0, Math.floor((Date.parse(endsAt) - nowMs) / 1000) - 2)
}

function isOver({ status }: Pick<Request, 'status'>): boolean {
  return ['ended', 'failed', 'revoked', 'cancelled'].includes(status)
}

function nextTarget(): TargetNamed {
  const target = targets.shift()
  if (target === undefined) throw new Error('The organisation has no more targets')
  return target
}

test('afterwards the trail is whole', async () => {
  const auditor = await scene.world.person('test-auditor')
  expect((await auditor.get('/audit/verify')).body).toMatchObject({ ok: true })
})
