/** One seed from its dice to its verdict. */
import type { RequestId } from '#core/ids.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { Actions } from './actions.ts'
import { Chance } from './chance.ts'
import type { Line } from './history.ts'
import { clock, judgeAgreement, type Violation } from './judge.ts'
import { judge } from './judgement.ts'
import { Misfortune } from './misfortune.ts'
import { Outsiders } from './outsiders.ts'
import { setUp } from './set-up.ts'
import { takeOverProcess } from './virtual-time.ts'
import { warmUp } from './warm-up.ts'
import { SimulatedWorld } from './world.ts'

const actionsOfSeed = [16, 30] as const
const afterHorizonSeconds = 25 * 60
const afterEndsSeconds = 2 * 3_600
const weights = {
  submit: 9,
  approve: 10,
  reject: 1,
  cancel: 1,
  return: 2,
  revoke: 2,
  together: 3,
  fault: 4,
  clear: 2,
  aws: 2,
  outside: 4,
  misfortune: 3,
  jump: 0.5,
}

export interface Verdict {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly timeline: readonly string[]
  /** Up to the judgement, whose mails are sent in real time. */
  readonly touches: number
  readonly requests: number
  readonly granted: number
  readonly worstExcessMs: number
  readonly cpuMs: number
}

export async function runSeed(seed: number, cluster: TestClusterAddress): Promise<Verdict> {
  await warmUp()
  const cpu = process.cpuUsage()
  const chance = new Chance(seed)
  const giveBack = takeOverProcess(chance)
  let world: SimulatedWorld | null = null
  try {
    world = await SimulatedWorld.open(cluster, chance, seed)
    const { found, worstMs, touches } = await live(world)
    const used = process.cpuUsage(cpu)
    const states = [...world.history.shown.values()]
    return {
      seed,
      violations: found,
      timeline: tell(world.history.lines),
      touches,
      requests: states.length,
      granted: states.filter((seen) => seen.some(({ status }) => status === 'active')).length,
      worstExcessMs: worstMs,
      cpuMs: (used.user + used.system) / 1000,
    }
  } finally {
    giveBack()
    await world?.close()
  }
}

interface Cast {
  readonly world: SimulatedWorld
  readonly actions: Actions
  readonly outsiders: Outsiders
  readonly misfortune: Misfortune
}

async function live(world: SimulatedWorld) {
  const cast: Cast = {
    world,
    actions: new Actions(world),
    outsiders: new Outsiders(world),
    misfortune: new Misfortune(world),
  }
  const { chance } = world
  await setUp(world)
  for (let count = chance.between(0, 2); count > 0; count -= 1) await cast.outsiders.assign()
  for (let left = chance.between(...actionsOfSeed); left > 0; left -= 1) {
    await takeOne(cast)
    await cast.misfortune.recover()
    if (chance.once(2)) await world.passTime(chance.one([1, 3, 10, 30, 60, 180]))
    await cast.misfortune.recover()
  }
  return conclude(cast)
}

/** Faults cease, everybody is back, and time passes: beyond every horizon, then beyond every end. */
async function conclude({ world, actions, outsiders, misfortune }: Cast) {
  world.history.say('everything is calm from now on')
  actions.clearFaults()
  outsiders.reopen()
  await misfortune.calm()
  world.isCalm = true
  await world.passTime(afterHorizonSeconds)
  const agreed = judgeAgreement(world)
  await world.passTime(afterEndsSeconds)
  const touches = world.touches.count
  return { ...(await judge(world, agreed)), touches }
}

async function takeOne({ world, actions, outsiders, misfortune }: Cast): Promise<void> {
  const what = world.chance.weighted(weights)
  switch (what) {
    case 'submit':
      return world.settle([actions.submit()])
    case 'fault':
      return actions.fault()
    case 'clear':
      return actions.clearFaults()
    case 'aws':
      return actions.changeAws()
    case 'outside':
      await outsiders.meddle()
      return world.settle()
    case 'misfortune':
      return misfortune.arm()
    case 'jump':
      return misfortune.jump()
    case 'approve':
      return approve({ world, actions, outsiders, misfortune })
    case 'together':
      return world.settle([
        actions.submit(),
        actions.decideAndStop('approve'),
        actions.decideAndStop('approve'),
        actions.decideAndStop(world.chance.one(['cancel', 'revoke', 'return'])),
      ])
    default:
      return world.settle([actions.decideAndStop(what)])
  }
}

/** Half the time that a request has a vote and needs another: who gave the first leaves before it. */
async function approve({ world, actions, outsiders, misfortune }: Cast): Promise<void> {
  const half = world.history.halfApproved()
  if (half === undefined || !world.chance.once(2)) {
    return world.settle([actions.decideAndStop('approve')])
  }
  outsiders.leaveAll(half.voterId)
  await world.passTime(world.chance.between(62, 120))
  await misfortune.recover()
  const others = world.organisation.approvers.filter(({ userId }) => userId !== half.voterId)
  await world.settle([
    actions.vote('approve', world.chance.one(others).userId, half.requestId as RequestId),
  ])
}

function tell(lines: readonly Line[]): string[] {
  return lines.map(({ atMs, text }) => `${clock(atMs)}  ${text}`)
}
