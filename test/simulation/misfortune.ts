/**
 * What befalls TEAM itself: it dies, it is stopped while another copy takes over, the database drops
 * every session, the clock jumps. The first three happen at a touch of the world: before the k-th
 * from now on, or after it and before its answer, with k drawn, so that every point can be met.
 */
import type { Copy } from './copy.ts'
import { isMutation } from './wire.ts'
import type { SimulatedWorld } from './world.ts'

const kinds = {
  any: { weight: 4, withinMax: 60, fits: () => () => true },
  call: { weight: 3, withinMax: 8, fits: () => isCall },
  mutation: { weight: 5, withinMax: 2, fits: () => changesAws },
  commit: { weight: 3, withinMax: 12, fits: () => isCommit },
  intent: { weight: 3, withinMax: 3, fits: keepsAnIntent },
} as const
type Kind = keyof typeof kinds
interface Fitting {
  readonly kind: string
  readonly label: string
  readonly pid: () => number | null
}

const isCall = ({ kind }: Fitting) => kind === 'call'
const changesAws = ({ label }: Fitting) => isMutation(label)
const isCommit = ({ label }: Fitting) => label === 'commit'

/** The commit of an intent: nothing of the call that follows has been sent. */
function keepsAnIntent() {
  const written = new Set<number | null>()
  return ({ label, pid }: Fitting) => {
    if (label.startsWith('insert into "intent"')) written.add(pid())
    else if (label === 'rollback') written.delete(pid())
    return label === 'commit' && written.delete(pid())
  }
}

const awaySeconds = [0, 1, 5, 30, 120, 900, 5_400]
const jumpMinutes = [1, 2, 15, 180, 1_440, 4_320]

export class Misfortune {
  readonly #world: SimulatedWorld

  constructor(world: SimulatedWorld) {
    this.#world = world
  }

  /** Armed: it happens when the touch comes. */
  arm(): void {
    const { chance, history, touches } = this.#world
    const kind: Kind = chance.weighted({
      any: kinds.any.weight,
      call: kinds.call.weight,
      mutation: kinds.mutation.weight,
      commit: kinds.commit.weight,
      intent: kinds.intent.weight,
    })
    const what = chance.weighted({ kill: 5, pause: 3, restart: 2 })
    const when = chance.one(['before', 'after'] as const)
    const fits = kinds[kind].fits()
    let left = chance.between(1, kinds[kind].withinMax)
    history.say(`armed: ${what} ${when} ${kind} ${left}`)
    touches.interrupt({
      isDue: (touch) => {
        if (fits(touch)) left -= 1
        return left === 0
      },
      when,
      happen: async ({ life, label }) => {
        const copy = this.#world.copies.find((one) => one.life === life)
        if (!copy) return
        history.say(`${what} of ${life.name} ${when} ${label.slice(0, 60).replaceAll('\n', ' ')}`)
        if (what === 'restart') await this.#world.restartDatabase()
        else if (what === 'kill') await this.#world.kill(copy)
        else await this.#world.pause(copy)
      },
    })
  }

  /** A while after everybody who could lead is gone, somebody does. */
  async recover(): Promise<void> {
    const { chance } = this.#world
    while (this.#world.leader === null) {
      const seconds = chance.one(awaySeconds)
      await this.#world.passTime(seconds)
      await this.#world.startCopy()
    }
    const stopped = this.#stopped()
    if (stopped.length > 0 && chance.once(3)) await this.#resume(chance.one(stopped))
  }

  async calm(): Promise<void> {
    this.#world.touches.forgetInterruptions()
    for (const copy of this.#stopped()) await this.#resume(copy)
    await this.recover()
  }

  async jump(): Promise<void> {
    const { chance, history, nowMs } = this.#world
    const minutes = chance.one(jumpMinutes)
    const isBack = chance.once(2)
    // README.md, "What is not simulated": TEAM counts the life of a lost call on its own clock.
    const mayLand = history.troubles.some(
      ({ what, toMs }) => what === 'lost call' && (toMs ?? nowMs) >= nowMs,
    )
    if (!isBack && mayLand) return
    this.#world.jump(isBack ? -minutes : minutes)
    await this.#world.settle()
  }

  #stopped(): Copy[] {
    return this.#world.copies.filter(({ life }) => life.state === 'paused')
  }

  /** Its lease is long over; what it had signed and not sent still goes out. */
  async #resume(copy: Copy): Promise<void> {
    await this.#world.resume(copy)
    await this.#world.settle()
  }
}
