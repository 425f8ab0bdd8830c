/** All that is judged when a seed is over. What each promise is: README.md. */
import { verifyChain } from '#server/audit/verify.ts'
import {
  judgeAgreement,
  judgeExcess,
  judgeKeeping,
  judgeShowing,
  judgeStanding,
  type Violation,
} from './judge.ts'
import { judgePeople } from './judge-people.ts'
import { judgeQueue, judgeRecords } from './judge-records.ts'
import type { SimulatedWorld } from './world.ts'

/** Sessions are ended, copies stopped: what they log of that, and for how long after. */
const troubleMs = 15_000
const ofTheDatabase =
  /connection|terminat|socket|ECONN|EPIPE|database ended|administrator command|timeout|another copy leads/i

/** Mails cost as much as all that goes before, and each is sent like the other. */
const mailedInOneOf = 4

export async function judge(world: SimulatedWorld, earlier: readonly Violation[]) {
  const isMailed = world.chance.once(mailedInOneOf)
  if (isMailed) await sendMails(world)
  const excess = judgeExcess(world)
  const violations = [
    ...earlier,
    ...excess.violations,
    ...judgeStanding(world),
    ...judgeKeeping(world),
    ...judgeShowing(world),
    ...judgeAgreement(world),
    ...judgePeople(world),
    ...(await judgeLead(world)),
    ...(await judgeChain(world)),
    ...(await judgeRecords(world)),
    ...(isMailed ? await judgeQueue(world) : []),
    ...judgeErrors(world),
  ]
  return { found: violations, worstMs: excess.worstMs }
}

/** Whoever has lost the lead sends nothing that was not signed before, and writes nothing. */
async function judgeLead(world: SimulatedWorld): Promise<Violation[]> {
  const { rows } = await world.admin.query<{ intent_id: number; epoch: number; newest: number }>(`
    select intent_id, epoch, newest from (
      select intent_id, epoch, max(epoch) over (order by intent_id) as newest from intent) ordered
    where epoch < newest`)
  const promise = 'a copy that has lost the lead does nothing'
  return [
    ...world.sentWithoutLead.map((told) => ({ promise, told })),
    ...rows.map(({ intent_id: id, epoch, newest }) => ({
      promise,
      told: `intent ${id} was written in epoch ${epoch}, when ${newest} led`,
    })),
  ]
}

async function sendMails({ leader, touches }: SimulatedWorld): Promise<void> {
  if (leader === null) throw new Error('Nobody is there at the end')
  await touches.drive(leader.drainJobs())
}

async function judgeChain(world: SimulatedWorld): Promise<Violation[]> {
  const copy = world.leader
  if (copy === null) throw new Error('Nobody is there at the end')
  const verdict = await world.touches.drive(verifyChain(copy.database.db))
  if (verdict.ok) return []
  const told = `the chain breaks at event ${verdict.firstBroken}`
  return [{ promise: 'every event is in the chain', told }]
}

function judgeErrors({ errors, troubled }: SimulatedWorld): Violation[] {
  return errors
    .filter(({ atMs, line }) => {
      const isTroubled = troubled.some((ms) => atMs >= ms && atMs <= ms + troubleMs)
      return !(isTroubled && ofTheDatabase.test(line))
    })
    .map(({ line }) => ({ promise: 'TEAM has no error of its own making', told: line }))
}
