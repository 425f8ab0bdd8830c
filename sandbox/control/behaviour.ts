import * as z from 'zod'
import { isForLists } from '../model/faults.ts'
import { readLagMsMax } from '../model/past.ts'
import type { Fault } from '../model/types.ts'
import type { World } from '../model/world.ts'
import type { ControlRoutes } from './control.ts'

const count = z.int().min(1)
const delay = z.number().min(0).max(Number.MAX_SAFE_INTEGER)

const settingsBody = z
  .strictObject({
    createDelayMs: delay,
    deleteDelayMs: delay,
    delayJitter: z.number().min(0).max(1),
    callsPerSecond: count,
    outstandingCreations: count,
    conflictScope: z.enum(['key', 'target']),
    concurrentProvisionings: count,
    rolesPerAccount: z.int().min(0),
    statusDelayMs: delay,
    statusKeptMs: delay,
    readLagMs: z.number().min(0).max(readLagMsMax),
    orphansStay: z.boolean(),
    trailDelayMs: delay,
    queryDelayMs: delay,
    trailOnBehalfOf: z.boolean(),
    trailNoise: z.boolean(),
    otherCallersPerSecond: z.number().min(0).max(1_000_000),
    sesProductionAccess: z.boolean(),
    sesSendingEnabled: z.boolean(),
    sesPerSecond: count,
    sesPerDay: count,
    minimal: z.boolean(),
  })
  .partial()

const effects = [
  'error',
  'failureReason',
  'delayMs',
  'dropConnection',
  'hangs',
  'statusDelayMs',
  'loses',
  'missesPage',
] as const

const faultBody = z
  .strictObject({
    operation: z.string().min(1),
    error: z.string().min(1).optional(),
    failureReason: z.string().min(1).optional(),
    delayMs: delay.optional(),
    delayWhen: z.enum(['before', 'after']).optional(),
    dropConnection: z.enum(['before', 'after']).optional(),
    hangs: z.enum(['before', 'after']).optional(),
    statusDelayMs: delay.optional(),
    loses: z.number().min(0).max(1).optional(),
    missesPage: z.literal(true).optional(),
    probability: z.number().min(0).max(1).optional(),
    times: count.optional(),
  })
  .refine((fault) => effects.some((effect) => fault[effect] !== undefined), {
    path: ['error'],
    message: `needs one of ${effects.join(', ')}`,
  })
  .refine((fault) => !isForLists(fault) || /^(\*$|List)/.test(fault.operation), {
    path: ['operation'],
    message: 'must be a list, or *, for loses and missesPage',
  })

const shown = (fault: Fault) => ({
  ...fault,
  ...(fault.times === undefined ? {} : { timesLeft: Math.max(0, fault.times - fault.hits) }),
})

function present<T extends object>(given: T) {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

export function addFault(world: World, body: unknown): Fault {
  const given = present(faultBody.parse(body))
  const value: Fault = { ...given, id: world.passingIds.uuid(), hits: 0 }
  world.commit({ type: 'fault', value })
  return value
}

export const behaviourRoutes: ControlRoutes = {
  'GET /_sandbox/faults': (world) => ({
    status: 200,
    body: [...world.state.faults.values()].map(shown),
  }),
  'POST /_sandbox/faults': (world, body) => ({ status: 201, body: shown(addFault(world, body)) }),
  'DELETE /_sandbox/faults'(world, body) {
    const { id } = z.strictObject({ id: z.string().optional() }).parse(body ?? {})
    const faults = [...world.state.faults.values()]
    const going = faults.filter((fault) => id === undefined || fault.id === id)
    if (going.length > 0) {
      world.commit(...going.map((fault) => ({ type: 'fault-removed' as const, id: fault.id })))
    }
    return { status: 204, body: undefined }
  },

  'POST /_sandbox/forget-statuses'(world) {
    world.commit({ type: 'statuses-forgotten' })
    return { status: 204, body: undefined }
  },

  'GET /_sandbox/settings': (world) => ({ status: 200, body: world.settings }),
  'PATCH /_sandbox/settings'(world, body) {
    const value = { ...world.settings, ...present(settingsBody.parse(body)) }
    world.commit({ type: 'settings', value })
    return { status: 200, body: value }
  },
}
