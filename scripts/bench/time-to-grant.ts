/**
 * What TEAM adds to AWS's own time, both ways, at three of AWS's delays, each drawn ± 30 % so that
 * polls never fall on them: from the approval until AWS has the call, and from AWS's completion until
 * the grant is shown as active; from the end of the window until AWS has the call, and from AWS's
 * completion until the removal is shown. Real time; many are in flight, each on its own account, and
 * never more than AWS allows, so nothing of it is waiting for AWS's limits.
 */
import type { Request } from '#contract/request.ts'
import type { Sandbox } from '#sandbox/start.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { ask, operationOf, targetsOfOneMax, type Watch, watchRequests } from './asking.ts'
import { loadNow, type Print, pause, spread, until } from './figures.ts'
import { createInstallation, type Installation, makePolicies } from './installation.ts'
import { addAccounts, addPermissionSets, addRoles } from './organisation.ts'

const cases: Record<string, { delaySeconds: number; requests: number }> = {
  3: { delaySeconds: 3, requests: 40 },
  10: { delaySeconds: 10, requests: 40 },
  45: { delaySeconds: 45, requests: 24 },
}
const delayJitter = 0.3
/** AWS allows 15 outstanding creations. */
const outstandingMax = 12
const durationMinutes = 1

type Shape = ReturnType<typeof shapeOf>
function shapeOf(sandbox: Sandbox) {
  const shape = { accounts: addAccounts(sandbox, 40), sets: addPermissionSets(sandbox, 1) }
  addRoles(sandbox, shape.accounts, shape.sets)
  return shape
}

export async function timeToGrant(
  cluster: TestClusterAddress,
  print: Print,
  names: readonly string[],
): Promise<void> {
  const ours: Record<string, object> = {}
  for (const name of names.length > 0 ? names : Object.keys(cases)) {
    const one = cases[name]
    if (one === undefined) throw new Error(`Delays: ${Object.keys(cases).join(', ')}`)
    const installation = await createInstallation({
      cluster,
      shape: shapeOf,
      settings: {
        createDelayMs: one.delaySeconds * 1_000,
        deleteDelayMs: one.delaySeconds * 1_000,
        delayJitter,
      },
    })
    try {
      const { grant, removal } = await measure(installation, one)
      print({ awsDelaySeconds: one.delaySeconds, grant, removal, load: loadNow() })
      ours[name] = { grantP95: grant.ours.p95, removalP95: removal.ours.p95 }
    } finally {
      await installation.close()
    }
  }
  print({ summary: 'time-to-grant', targetSeconds: 1, oursBeyondAws: ours, load: loadNow() })
}

async function measure(
  installation: Installation<Shape>,
  { delaySeconds, requests }: { delaySeconds: number; requests: number },
) {
  await makePolicies(installation, await installation.person('test-admin'))
  const user = await installation.person('test-user')
  const approver = await installation.person('sam.carter')
  const asked = await askForAll(installation, user, requests)
  const watch = watchRequests(installation.database)
  try {
    await approveInTurn(watch, approver, asked, delaySeconds)
    const withinMs = (durationMinutes * 60 + delaySeconds * 8 + 60) * 1_000
    await until('all are over', () => (watch.countIn('ended') === requests ? true : null), {
      withinMs,
    })
    return figuresOf(await Promise.all(asked.map((one) => lifeOf(installation, watch, user, one))))
  } finally {
    await watch.stop()
  }
}

async function askForAll({ shape }: Installation<Shape>, user: Person, requests: number) {
  const targets = shape.accounts
    .slice(0, requests)
    .map((accountId) => ({ accountId, permissionSetArn: shape.sets[0] ?? '' }))
  const asked: Request[] = []
  for (let from = 0; from < targets.length; from += targetsOfOneMax) {
    asked.push(...(await ask(user, targets.slice(from, from + targetsOfOneMax), durationMinutes)))
  }
  return asked
}

/** One after another, as many a second as AWS can take, at no regular interval. */
async function approveInTurn(
  watch: Watch,
  approver: Person,
  asked: readonly Request[],
  delaySeconds: number,
): Promise<void> {
  const everyMs = Math.max(300, (delaySeconds * 1_000 * 1.3) / outstandingMax)
  for (const [at, { id }] of asked.entries()) {
    await until(
      'AWS has room',
      () => (at - activeOrLater(watch, asked) < outstandingMax ? true : null),
      { withinMs: delaySeconds * 10_000 + 30_000 },
    )
    const { status, body } = await approver.post(`/requests/${id}/approve`)
    if (status !== 200) throw new Error(`Not approved: ${JSON.stringify(body)}`)
    // The golden ratio's multiples fall evenly over the interval and never in step with a second.
    await pause(everyMs * (0.7 + 0.6 * ((at * 0.618034) % 1)))
  }
}

function activeOrLater(watch: Watch, asked: readonly Request[]): number {
  return asked.filter(({ id }) => watch.seenAtMs(id, 'active') !== null).length
}

interface Life {
  readonly approvalToAccepted: number
  readonly completedToActive: number
  readonly endToAccepted: number
  readonly completedToEnded: number
}

async function lifeOf(
  installation: Installation<Shape>,
  watch: Watch,
  user: Person,
  asked: Request,
): Promise<Life> {
  const grant = await installation.database.db
    .selectFrom('access_grant')
    .select(['due_at', 'ends_at'])
    .where('request_id', '=', asked.id)
    .executeTakeFirstOrThrow()
  const create = operationOf(installation, 'create', asked)
  const remove = operationOf(installation, 'delete', asked)
  const activeAtMs = watch.seenAtMs(asked.id, 'active')
  const endedAtMs = watch.seenAtMs(asked.id, 'ended')
  const { ends_at: endsAt, due_at: dueAt } = grant
  if (!create || !remove || activeAtMs === null || endedAtMs === null || endsAt === null) {
    const { status, failure } = await user.request(asked.id)
    throw new Error(`${asked.id} did not live its life: ${status} ${JSON.stringify(failure)}`)
  }
  return {
    approvalToAccepted: (create.createdAt - dueAt.getTime()) / 1_000,
    completedToActive: (activeAtMs - create.dueAt) / 1_000,
    endToAccepted: (remove.createdAt - endsAt.getTime()) / 1_000,
    completedToEnded: (endedAtMs - remove.dueAt) / 1_000,
  }
}

function figuresOf(lives: readonly Life[]) {
  return {
    grant: {
      approvalToAccepted: spread(lives.map((life) => life.approvalToAccepted)),
      completedToActive: spread(lives.map((life) => life.completedToActive)),
      ours: spread(lives.map((life) => life.approvalToAccepted + life.completedToActive)),
    },
    removal: {
      endToAccepted: spread(lives.map((life) => life.endToAccepted)),
      completedToEnded: spread(lives.map((life) => life.completedToEnded)),
      ours: spread(lives.map((life) => life.endToAccepted + life.completedToEnded)),
    },
  }
}
