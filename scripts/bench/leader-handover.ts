/**
 * The leader is lost, again and again, at the moment at which a grant ends: how long until another
 * copy leads, until that one first acts, and how long the access outlasted its grant. Real time,
 * real processes; the seconds are the database's, from rows that each copy wrote.
 *
 *   npm run bench -- leader-handover [killed] [stopped] [parted] [--rounds 5]
 */
import { parseArgs } from 'node:util'
import type { Request } from '#contract/request.ts'
import { type Copy, House } from '#test/copies/house.ts'
import type { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { loadNow, type Print, round, spread, until } from './figures.ts'
import { letAskWithoutApproval, type Target } from './house-people.ts'

interface Loss {
  readonly lose: (house: House, copy: Copy) => Promise<void> | void
  readonly find: (copy: Copy) => void
}

const losses: Record<string, Loss> = {
  killed: { lose: (house, copy) => house.kill(copy), find: () => undefined },
  stopped: {
    lose: (_, { program }) => program.signal('SIGSTOP'),
    find: ({ program }) => program.signal('SIGCONT'),
  },
  parted: {
    lose: (_, { toDatabase }) => toDatabase.silence(),
    find: ({ toDatabase }) => toDatabase.heal(),
  },
}

const awsDelaySeconds = 0.2
const settings = {
  createDelayMs: awsDelaySeconds * 1_000,
  deleteDelayMs: awsDelaySeconds * 1_000,
}
const waitMsMax = 120_000
/** The sessions of one person may ask so often. */
const statusEveryMs = 150

interface Handover {
  readonly loss: string
  readonly untilLedSeconds: number
  readonly untilFirstActSeconds: number
  readonly excessSeconds: number
}

export async function leaderHandover(
  cluster: TestClusterAddress,
  print: Print,
  words: readonly string[],
): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { rounds: { type: 'string', default: '5' } },
    allowPositionals: true,
  })
  const chosen = positionals.length > 0 ? positionals : Object.keys(losses)
  const house = await House.open({ cluster, settings })
  const seen: Handover[] = []
  try {
    await house.twoCopies()
    const { user, targets } = await letAskWithoutApproval(house)
    for (let number = 0; number < Number(values.rounds); number += 1) {
      for (const loss of chosen) {
        const target = targets[seen.length % targets.length]
        if (target === undefined) throw new Error('There is nothing to ask for')
        const handover = await handOver(house, { loss, user, target })
        print({ ...handover, load: loadNow()[0] })
        seen.push(handover)
      }
    }
    print({
      summary: 'leader-handover',
      untilLedSeconds: spread(seen.map((one) => one.untilLedSeconds)),
      untilFirstActSeconds: spread(seen.map((one) => one.untilFirstActSeconds)),
      excessSeconds: spread(seen.map((one) => one.excessSeconds)),
      load: loadNow(),
    })
  } finally {
    await house.remove()
  }
}

async function handOver(
  house: House,
  { loss, user, target }: { loss: string; user: Person; target: Target },
): Promise<Handover> {
  const how = losses[loss]
  if (how === undefined) throw new Error(`One of ${Object.keys(losses).join(', ')}, not ${loss}`)
  const { leading, other } = await house.twoCopies()
  const person = user.at(other.url)
  const { body } = await person.post<{ requests: Request[] }>('/requests', {
    targets: [target],
    durationMinutes: 60,
    justification: 'Measuring a handover',
  })
  const id = body.requests[0]?.id ?? ''
  await untilStatus(person, id, 'active')
  await house.endsIn(id, 0.5)
  const lostAt = await house.databaseNow()
  await how.lose(house, leading)
  const lead = await house.takenOverFrom(leading)
  const { excessSeconds } = await untilStatus(person, id, 'ended')
  const acted = await house.query<{ at: Date }>(
    `select min(at) as at from witness where wrote = 'intent' and copy = $1 and at > $2`,
    [lead.copy.name, lostAt],
  )
  how.find(leading)
  return {
    loss,
    untilLedSeconds: round(await house.secondsUntilTaken(lead, lostAt)),
    untilFirstActSeconds: round(((acted[0]?.at.getTime() ?? Number.NaN) - lostAt.getTime()) / 1000),
    excessSeconds: round(excessSeconds ?? Number.NaN),
  }
}

function untilStatus(person: Person, id: string, status: Request['status']): Promise<Request> {
  return until(
    `the request is ${status}`,
    async () => {
      const request = await person.request(id)
      return request.status === status ? request : null
    },
    { everyMs: statusEveryMs, withinMs: waitMsMax },
  )
}
