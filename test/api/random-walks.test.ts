/**
 * People, AWS and time at random, seeded: after each step no assignment stands that no grant earns,
 * and when faults are over and time has passed, what TEAM shows is what AWS has. `FC_SEED` replays
 * a failing run, `TEST_FULL=1` makes many more.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import { type RequestState, requestStates } from '#core/request.ts'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

const requesters = ['test-user', 'priya.raman', 'sam.carter'] as const
const approvers = ['sam.carter', 'naoko.mori'] as const
const verbs = ['approve', 'reject', 'cancel', 'return', 'revoke'] as const

type Act =
  | {
      readonly kind: 'ask'
      readonly who: number
      readonly target: number
      readonly minutes: number
      readonly startsInSeconds: number | null
      /** Approved at once, as most are. */
      readonly approved: boolean
    }
  | {
      readonly kind: 'act'
      readonly verb: (typeof verbs)[number]
      readonly who: number
      readonly nth: number
    }
type Step =
  | Act
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'leap'; readonly seconds: number }
  | { readonly kind: 'fault'; readonly fault: Parameters<Scene['fault']>[0] }
  | { readonly kind: 'clear' }
  | { readonly kind: 'policy'; readonly on: boolean }
  | { readonly kind: 'together'; readonly acts: readonly Act[] }

const operations = [
  'CreateAccountAssignment',
  'DeleteAccountAssignment',
  'DescribeAccountAssignmentCreationStatus',
  'DescribeAccountAssignmentDeletionStatus',
  'ListAccountAssignmentCreationStatus',
  'ListAccountAssignmentDeletionStatus',
  'ListAccountAssignments',
  'DescribePermissionSet',
  'DescribeUser',
]
const what = fc.oneof(
  fc
    .constantFrom(
      'ThrottlingException',
      'ConflictException',
      'InternalServerException',
      'AccessDeniedException',
    )
    .map((error) => ({ error })),
  fc
    .constantFrom('before' as const, 'after' as const)
    .map((dropConnection) => ({ dropConnection })),
)
const fault = fc.oneof(
  fc
    .tuple(fc.constantFrom(...operations), what, fc.integer({ min: 1, max: 4 }))
    .map(([operation, how, times]) => ({ operation, ...how, times })),
  fc
    .constantFrom('CreateAccountAssignment', 'DeleteAccountAssignment')
    .map((operation) => ({ operation, failureReason: 'Received a 404 status error', times: 1 })),
)

const ask: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('ask'),
  who: fc.nat(requesters.length - 1),
  target: fc.nat(1),
  minutes: fc.constantFrom(1, 2, 3, 90),
  startsInSeconds: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 180 })),
  approved: fc.constantFrom(true, true, true, false),
})
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('act'),
  verb: fc.constantFrom(...verbs),
  who: fc.nat(1),
  nth: fc.nat(5),
})
const policy = fc.record({
  kind: fc.constant('policy' as const),
  on: fc.constantFrom(true, false, false),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: ask },
  { weight: 5, arbitrary: act },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('leap'), seconds: fc.integer({ min: 30, max: 900 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fault'), fault }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) },
  { weight: 1, arbitrary: policy },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('together'),
      acts: fc.array(fc.oneof(ask, act, act), { minLength: 2, maxLength: 4 }),
    }),
  },
)

/** The states in which each is not refused; now and then it is tried in others. */
const fits: Record<(typeof verbs)[number], readonly RequestState[]> = {
  approve: ['pending'],
  reject: ['pending'],
  cancel: ['pending', 'scheduled', 'activating'],
  return: ['active'],
  revoke: ['scheduled', 'activating', 'active'],
}

const isFull = process.env.TEST_FULL === '1'
const seed = Number(process.env.FC_SEED ?? 20261124)
// The simulation walks further, and dies on the way; these go over HTTP.
const runs = isFull ? 150 : 1

test(
  `in random walks (${runs} here) nobody holds what no grant earns, and the end is as shown`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 70 }), async (steps) => {
        const walk = await begin()
        try {
          for (const one of steps) {
            await walk.take(one)
            await walk.check()
          }
          await walk.conclude()
        } finally {
          await walk.scene.close()
        }
      }),
      { seed, numRuns: runs, endOnFailure: true },
    )
  },
  isFull ? 1_800_000 : 240_000,
)

interface Walk {
  readonly scene: Scene
  take(step: Step): Promise<void>
  check(): Promise<void>
  conclude(): Promise<void>
}

async function begin(): Promise<Walk> {
  const faultsOfOurs: string[] = []
  const scene = await createScene({
    log: (line) => {
      if (line.includes('"a request failed"')) faultsOfOurs.push(line)
    },
  })
  const { world } = scene
  const sessions = new Map<string, Person>()
  const admin = await as('test-admin')
  if (admin === null) throw new Error('test-admin cannot sign in')
  await scene.eligibility(admin)
  let narrow: string | null = null
  await scene.approval(admin)
  const targets = [
    scene.target('payments-prod', 'ReadOnlyAccess'),
    scene.target('payments-dev', 'PowerUserAccess'),
  ]

  /** Null while AWS answers nothing and nobody is let in. */
  async function as(name: string): Promise<Person | null> {
    const known = sessions.get(name)
    if (known && (await known.get('/me/counts')).status === 200) return known
    const person = world.stranger()
    try {
      await person.signIn(name)
    } catch {
      return null
    }
    sessions.set(name, person)
    return person
  }

  async function all(): Promise<Request[]> {
    const auditor = await as('test-auditor')
    if (auditor === null) return []
    const { body } = await auditor.get<{ items: Request[] }>('/requests?view=all&limit=200')
    return body.items
  }

  /** Undefined: nobody could sign in to ask. */
  function expectAnswer(status: number | undefined, expected: readonly number[]): void {
    expect([...expected, undefined], faultsOfOurs.join('\n')).toContain(status)
  }

  async function perform(one: Act): Promise<void> {
    if (one.kind === 'ask') {
      const person = await as(requesters[one.who] ?? requesters[0])
      const { startsInSeconds } = one
      const startsAt =
        startsInSeconds === null
          ? null
          : new Date(world.now().getTime() + startsInSeconds * 1000).toISOString()
      const answer = await person?.post<{ requests: Request[] }>('/requests', {
        targets: [targets[one.target]],
        durationMinutes: one.minutes,
        justification: 'A random walk',
        startsAt,
      })
      expectAnswer(answer?.status, [201, 403, 409, 422, 503])
      const [asked] = answer?.status === 201 ? answer.body.requests : []
      const approver = approvers.find((name) => name !== requesters[one.who])
      if (asked && one.approved)
        await (await as(approver ?? ''))?.post(`/requests/${asked.id}/approve`)
      return
    }
    const requests = await all()
    const fitting = requests.filter(({ status }) => fits[one.verb].includes(status))
    const some = fitting.length > 0 ? fitting : requests
    const request = some[one.nth % Math.max(1, some.length)]
    if (request === undefined) return
    const own = one.verb === 'cancel' || one.verb === 'return'
    const decider = one.verb === 'revoke' && one.who === 0 ? 'test-admin' : approvers[one.who]
    const person = await as(own ? request.requester.userName : (decider ?? approvers[0]))
    const answer = await person?.post(`/requests/${request.id}/${one.verb}`)
    expectAnswer(answer?.status, [200, 403, 404, 409, 503])
  }

  async function setPolicy(on: boolean): Promise<void> {
    // With it nobody can do without a second yes, so that what one has approved fails at its start.
    if (on && narrow === null) {
      const group = scene.group('TEAM approvers')
      const admin = await as('test-admin')
      const { body } = (await admin?.post<{ id: string }>('/approver-policies', {
        targets: { accounts: [], organizationalUnits: [], root: true },
        approverGroups: [group],
        approvalsRequired: 2,
      })) ?? { body: null }
      narrow = body?.id ?? null
    } else if (!on && narrow !== null) {
      const admin = await as('test-admin')
      const gone = admin && (await admin.get(`/approver-policies/${narrow}`))
      const etag = gone?.headers.get('etag') ?? ''
      const answer = await admin?.call('DELETE', `/approver-policies/${narrow}`, undefined, {
        'if-match': etag,
      })
      if (answer?.status === 204) narrow = null
    }
  }

  async function take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'ask':
      case 'act':
        return perform(one)
      case 'pass':
        return world.pass(one.seconds)
      case 'leap':
        return world.leap(one.seconds)
      case 'fault':
        return scene.fault(one.fault)
      case 'clear':
        return scene.clearFaults()
      case 'policy':
        return setPolicy(one.on)
      case 'together':
        await Promise.all([...one.acts.map(perform), world.pass(1)])
        return
      default:
        return one satisfies never
    }
  }

  const holdings = () =>
    targets.flatMap((target) => scene.holders(target).map((userName) => ({ target, userName })))
  const isOf = (request: Request, target: TargetNamed, userName: string) =>
    request.requester.userName === userName &&
    request.accountId === target.accountId &&
    request.permissionSetArn === target.permissionSetArn

  async function check(): Promise<void> {
    await world.pass(1)
    const now = world.now().getTime()
    const requests = await all()
    const earning: readonly RequestState[] = ['activating', 'active', 'ending']
    if (requests.length > 0) {
      for (const { target, userName } of holdings()) {
        const earned = requests.some(
          (one) =>
            isOf(one, target, userName) &&
            (earning.includes(one.status) || Date.parse(one.watchedUntil ?? '') > now),
        )
        expect(earned, `${userName} holds ${target.permissionSetArn} for nothing`).toBe(true)
      }
    }
    for (const request of requests) expectSound(request, now)
  }

  function expectSound(request: Request, now: number): void {
    const { status, approvals, requester, endsAt, failure } = request
    expect(requestStates).toContain(status)
    expect(approvals.map(({ userId }) => userId)).not.toContain(requester.userId)
    expect(new Set(approvals.map(({ userId }) => userId)).size).toBe(approvals.length)
    const granted: readonly RequestState[] = [
      'scheduled',
      'activating',
      'active',
      'ending',
      'ended',
    ]
    if (granted.includes(status)) {
      expect(approvals.some(({ decision }) => decision === 'approved')).toBe(true)
      expect(approvals.some(({ decision }) => decision === 'rejected')).toBe(false)
    }
    if (status === 'active') expect(Date.parse(endsAt ?? '')).toBeGreaterThan(now)
    if (status === 'failed') expect(failure?.code).toBeTruthy()
  }

  async function expectAgreement(): Promise<void> {
    const requests = await all()
    const shown = requests
      .filter(({ status }) => status === 'active')
      .map((one) => `${one.requester.userName} ${one.permissionSetArn}`)
    const held = holdings().map(({ target, userName }) => `${userName} ${target.permissionSetArn}`)
    expect(held.toSorted()).toEqual([...new Set(shown)].toSorted())
    const settled: readonly RequestState[] = [
      'active',
      'ended',
      'revoked',
      'rejected',
      'cancelled',
      'expired',
      'failed',
      'pending',
    ]
    for (const { status } of requests) expect(settled).toContain(status)
  }

  return {
    scene,
    take,
    check,
    async conclude() {
      scene.clearFaults()
      // Longer than a signature lives, than patience with a denial, and than any start ahead.
      for (let minutes = 0; minutes < 36; minutes += 6) {
        await world.leap(6 * 60 - 12)
        await world.pass(12)
      }
      await expectAgreement()
      for (let hours = 0; hours < 4; hours += 1) {
        await world.leap(3_600)
        await world.pass(20)
      }
      await expectAgreement()
      expect(holdings()).toEqual([])
      const auditor = await as('test-auditor')
      expect((await auditor?.get('/audit/verify'))?.body).toMatchObject({ ok: true })
    },
  }
}
