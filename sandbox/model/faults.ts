import type { Fault } from './types.ts'
import type { World } from './world.ts'

/**
 * The first active fault for this operation whose dice fall, counted as hit. A fault for `*` is for
 * every operation.
 */
export function meetFault(world: World, operation: string): Fault | undefined {
  for (const fault of world.state.faults.values()) {
    if (fault.operation !== operation && fault.operation !== '*') continue
    if (isForLists(fault) && !operation.startsWith('List')) continue
    if (fault.times !== undefined && fault.hits >= fault.times) continue
    if (fault.probability !== undefined && world.chance.fraction() >= fault.probability) continue
    world.commit({ type: 'fault-hit', id: fault.id })
    return fault
  }
  return undefined
}

export const isForLists = (fault: {
  loses?: number | undefined
  missesPage?: boolean | undefined
}) => fault.loses !== undefined || fault.missesPage !== undefined
