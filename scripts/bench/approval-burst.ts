/**
 * A hundred approvals in one second, by several approvers, until all of them are active: what the
 * API answers and how fast, and how long it takes against what AWS allows (15 creations outstanding,
 * 20 calls a second, one operation at a time on an account).
 */
import type { Request } from '#contract/request.ts'
import type { Sandbox } from '#sandbox/start.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { ask, type Watch, watchRequests } from './asking.ts'
import { countBy, loadNow, type Print, pause, round, spread, until } from './figures.ts'
import { createInstallation, type Installation, makePolicies } from './installation.ts'
import {
  type AddedPerson,
  addAccounts,
  addPeople,
  addPermissionSets,
  addRoles,
} from './organisation.ts'
import { costOfEach } from './removals.ts'

const approvals = 100
const accounts = 50
const requesters = 10
const approvers = 8
const delaySeconds = 3
const delayJitter = 0.3
const outstandingCreations = 15
const awsCallsPerSecond = 20

type Shape = ReturnType<typeof shapeOf>
function shapeOf(sandbox: Sandbox) {
  const shape = {
    accounts: addAccounts(sandbox, accounts),
    sets: addPermissionSets(sandbox, 2),
    requesters: addPeople(sandbox, requesters, 'TEAM users'),
    approvers: addPeople(sandbox, approvers, 'TEAM approvers'),
  }
  addRoles(sandbox, shape.accounts, shape.sets)
  return shape
}

export async function approvalBurst(cluster: TestClusterAddress, print: Print): Promise<void> {
  const installation = await createInstallation({
    cluster,
    shape: shapeOf,
    settings: { createDelayMs: delaySeconds * 1_000, delayJitter },
  })
  try {
    await makePolicies(installation, await installation.person('test-admin'))
    const asked = await askForAll(installation)
    const deciders = await signInAll(installation, installation.shape.approvers)
    installation.clearCalls()
    installation.server.resetProbe()
    const watch = watchRequests(installation.database)
    try {
      print(await burst(installation, { asked, deciders, watch }))
    } finally {
      await watch.stop()
    }
  } finally {
    await installation.close()
  }
}

async function signInAll(
  installation: Installation<Shape>,
  people: readonly AddedPerson[],
): Promise<Person[]> {
  const signedIn: Person[] = []
  for (const { userName } of people) signedIn.push(await installation.person(userName))
  return signedIn
}

async function askForAll(installation: Installation<Shape>): Promise<Request[]> {
  const { shape } = installation
  const people = await signInAll(installation, shape.requesters)
  const asked: Request[] = []
  for (const [place, person] of people.entries()) {
    const targets = Array.from({ length: approvals / requesters }, (_, at) => {
      const number = place * (approvals / requesters) + at
      return {
        accountId: shape.accounts[number % accounts] ?? '',
        permissionSetArn: shape.sets[Math.floor(number / accounts)] ?? '',
      }
    })
    asked.push(...(await ask(person, targets, 60)))
  }
  return asked
}

interface Answered {
  readonly status: number
  readonly tookMs: number
}

async function burst(
  installation: Installation<Shape>,
  { asked, deciders, watch }: { asked: Request[]; deciders: Person[]; watch: Watch },
): Promise<object> {
  const startedAtMs = Date.now()
  const answers = await Promise.all(
    asked.map(async ({ id }, at): Promise<Answered> => {
      await pause((at * 1_000) / approvals)
      const sentMs = performance.now()
      const decider = deciders[at % deciders.length]
      const answer = await decider?.post(`/requests/${id}/approve`)
      return { status: answer?.status ?? 0, tookMs: performance.now() - sentMs }
    }),
  )
  const errors = answers.filter(({ status }) => status >= 300 || status === 0).length
  await until(
    'all that were approved are active, or failed',
    () => (watch.countIn('active') + watch.countIn('failed') >= approvals - errors ? true : null),
    { withinMs: 300_000 },
  )
  const failed = watch.countIn('failed')
  const active = asked
    .map(({ id }) => watch.seenAtMs(id, 'active'))
    .filter((atMs) => atMs !== null)
    .map((atMs) => (atMs - startedAtMs) / 1_000)
  const calls = installation.calls().filter(({ service }) => service === 'sso-admin')
  const creations = [...installation.sandbox.world.state.operations.values()]
  const lastInAws = Math.max(...creations.map(({ dueAt }) => dueAt))
  const outstanding = (approvals * delaySeconds) / outstandingCreations
  const byCalls = calls.length / awsCallsPerSecond
  const bound = Math.max(outstanding, byCalls) + delaySeconds
  return {
    summary: 'approval-burst',
    approvals,
    answered: countBy(answers, ({ status }) => String(status)),
    failed,
    errors,
    answerMs: spread(answers.map(({ tookMs }) => tookMs)),
    boundSeconds: round(bound),
    boundBy: { outstandingCreations: round(outstanding), calls: round(byCalls), delaySeconds },
    lastInAwsSeconds: round((lastInAws - startedAtMs) / 1_000),
    lastActiveSeconds: round(Math.max(...active)),
    ratio: round(Math.max(...active) / bound, 3),
    activeSeconds: spread(active),
    callsByOperation: countBy(calls, ({ operation }) => operation),
    callsRefused: countBy(
      calls.filter(({ error }) => error !== undefined),
      ({ operation, error }) => `${operation} ${error}`,
    ),
    ...costOfEach(await installation.server.report(), approvals),
    load: loadNow(),
  }
}
