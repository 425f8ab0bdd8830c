/**
 * The leader is gone, or seems to be, while one grant ends and another is approved. Another copy
 * leads within five seconds, does what is due, and nothing is done twice; whoever comes back finds
 * that it leads no more.
 */
import { expect, test } from 'vitest'
import { until } from '../kill/until.ts'
import type { Copy, House } from './house.ts'
import type { Scene } from './scene.ts'
import { withScene } from './with-scene.ts'

const theScene = withScene()

const takeOverSecondsMax = 5
/** Beyond the take-over: AWS's own delay, and the second in which it is asked what became of it. */
const removalSecondsMax = 4

interface Loss {
  readonly what: string
  readonly lose: (house: House, copy: Copy) => Promise<void> | void
  /** Null: it does not come back. */
  readonly find: ((copy: Copy) => void) | null
}

const losses: readonly Loss[] = [
  { what: 'killed', lose: (house, copy) => house.kill(copy), find: null },
  {
    what: 'stopped',
    lose: (_, { program }) => program.signal('SIGSTOP'),
    find: ({ program }) => program.signal('SIGCONT'),
  },
  {
    what: 'parted from the database without a word',
    lose: (_, { toDatabase }) => toDatabase.silence(),
    find: ({ toDatabase }) => toDatabase.heal(),
  },
  {
    what: 'cut off from the database',
    lose: (_, { toDatabase }) => toDatabase.cut(),
    find: ({ toDatabase }) => toDatabase.heal(),
  },
]

test.for(losses)(
  'the leader is $what: another one leads within 5 s, and access ends',
  async (loss) => {
    const scene = theScene()
    const { house } = scene
    const { leading, other } = await house.twoCopies()
    const [one, two] = [scene.newTarget(), scene.newTarget()]
    const ending = await scene.getAccess(other, one)
    const beginning = await scene.ask(other, two)
    await house.endsIn(ending, 1.5)

    const said = leading.program.saidLength
    const lostAt = await house.databaseNow()
    await loss.lose(house, leading)
    await scene.approve(other, beginning)
    const lead = await house.takenOverFrom(leading)
    const seconds = await house.secondsUntilTaken(lead, lostAt)
    expect(seconds).toBeLessThan(takeOverSecondsMax)

    const { excessSeconds } = await scene.untilStatus(other, ending, 'ended')
    expect(excessSeconds).toBeLessThan(takeOverSecondsMax + removalSecondsMax - 1.5)
    await scene.untilStatus(other, beginning, 'active')
    if (loss.find !== null) {
      loss.find(leading)
      await until('it has noticed', async () => leading.program.hasSaid(/no longer leading/, said))
      await until('it serves', () => serves(scene, leading, beginning))
      expect(await house.writtenBy(leading, lostAt)).toEqual([])
    }

    await scene.giveBack(other, beginning)
    await scene.untilStatus(other, beginning, 'ended')
    expect((await house.lead())?.copy.name).toBe(other.name)
    for (const id of [ending, beginning]) {
      expect(await scene.intents(id)).toEqual(['create succeeded', 'delete succeeded'])
    }
    expect(leading.toAws.mutations).toEqual(['CreateAccountAssignment'])
    expect(other.toAws.mutations.toSorted()).toEqual([
      'CreateAccountAssignment',
      'DeleteAccountAssignment',
      'DeleteAccountAssignment',
    ])
    await scene.expectAllWell(other)
  },
)

async function serves(scene: Scene, copy: Copy, id: string): Promise<boolean> {
  return scene
    .user(copy)
    .request(id)
    .then(() => true)
    .catch(() => false)
}
