/** One seed from its dice to its verdict. */
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { Actions } from './actions.ts'
import { Chance } from './chance.ts'
import type { Line } from './history.ts'
import { clock, judgeAgreement, judgeExcess, judgeStanding, type Violation } from './judge.ts'
import { setUp } from './set-up.ts'
import { takeOverProcess } from './virtual-time.ts'
import { SimulatedWorld } from './world.ts'

export interface Verdict {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly timeline: readonly string[]
  readonly touches: number
  readonly requests: number
  readonly granted: number
  readonly worstExcessMs: number
  readonly cpuMs: number
}

export async function runSeed(seed: number, cluster: TestClusterAddress): Promise<Verdict> {
  const cpu = process.cpuUsage()
  const chance = new Chance(seed)
  const giveBack = takeOverProcess(chance)
  let world: SimulatedWorld | null = null
  try {
    world = await SimulatedWorld.open(cluster, chance, seed)
    const violations = await live(world)
    const used = process.cpuUsage(cpu)
    const states = [...world.history.shown.values()]
    return {
      seed,
      violations: violations.found,
      timeline: tell(world.history.lines),
      touches: world.touches.count,
      requests: states.length,
      granted: states.filter((seen) => seen.some(({ status }) => status === 'active')).length,
      worstExcessMs: violations.worstMs,
      cpuMs: (used.user + used.system) / 1000,
    }
  } finally {
    giveBack()
    await world?.close()
  }
}

async function live(world: SimulatedWorld) {
  const actions = new Actions(world)
  await setUp(world)
  const { chance } = world
  for (let left = chance.between(30, 50); left > 0; left -= 1) {
    await takeOne(world, actions)
    if (chance.once(2)) await world.passTime(chance.one([1, 3, 10, 30, 60, 180]))
  }
  actions.clearFaults()
  await world.passTime(18 * 60)
  const agreed = judgeAgreement(world)
  await world.passTime(3 * 3600)
  const excess = judgeExcess(world)
  return {
    found: [
      ...excess.violations,
      ...judgeStanding(world),
      ...agreed,
      ...judgeAgreement(world),
      ...world.errors.map(({ line }) => ({ promise: 'TEAM logs no error of its own', told: line })),
    ],
    worstMs: excess.worstMs,
  }
}

async function takeOne(world: SimulatedWorld, actions: Actions): Promise<void> {
  const what = world.chance.weighted({
    submit: 8,
    approve: 9,
    reject: 1,
    cancel: 1,
    return: 2,
    revoke: 2,
    fault: 4,
    clear: 2,
    aws: 2,
    together: 3,
  })
  switch (what) {
    case 'submit':
      return world.settle([actions.submit()])
    case 'fault':
      return actions.fault()
    case 'clear':
      return actions.clearFaults()
    case 'aws':
      return actions.changeAws()
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

function tell(lines: readonly Line[]): string[] {
  return lines.map(({ atMs, text }) => `${clock(atMs)}  ${text}`)
}
