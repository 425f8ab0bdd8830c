import { delegatedAdministrator, type Principal } from './model/principals.ts'
import type { Settings } from './model/types.ts'
import type { World } from './model/world.ts'
import { openWorld, type SandboxOptions } from './start.ts'
import { inProcessHandler } from './wire/in-process.ts'

/** A clock that moves when it is told to. */
export function drivenClock(start = '2026-11-24T00:00:00Z') {
  let at = Date.parse(start)
  return {
    now: () => new Date(at),
    pass: (ms: number) => {
      at += ms
    },
  }
}

export type DrivenClock = ReturnType<typeof drivenClock>

export async function drivenWorld(options: {
  clock: DrivenClock
  size?: NonNullable<SandboxOptions['size']>
  dataDir?: string
  bare?: boolean
  settings?: Partial<Settings>
  wallClock?: () => Date
}) {
  const { clock, settings, ...rest } = options
  const opened = await openWorld({
    seed: 1,
    now: clock.now,
    settings: { callsPerSecond: 1_000_000, ...settings },
    ...rest,
  })
  return opened
}

/** What any AWS SDK client needs to call this world without a socket. */
export function clientOptions(world: World, principal: Principal = delegatedAdministrator) {
  return {
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: credentialsOf(principal),
    maxAttempts: 1,
    requestHandler: inProcessHandler(world),
  }
}

/** Lets an SDK client sign by that clock, as it would on a machine whose clock it is. */
export function signByClock(client: { config: { systemClockOffset: number } }, now: () => Date) {
  Object.defineProperty(client.config, 'systemClockOffset', {
    get: () => now().getTime() - Date.now(),
    // The SDK sets it by the date of each answer, which would be a second behind.
    set: () => {},
  })
}

export const credentialsOf = ({ accessKeyId, secretAccessKey }: Principal) => ({
  accessKeyId,
  secretAccessKey,
})

/** Names of the organisation that everybody meets, as the ids of this one. */
export function idsOf(world: World) {
  const { state } = world
  const must = <Value>(value: Value | undefined, name: string): Value => {
    if (value === undefined) throw new Error(`There is no ${name}.`)
    return value
  }
  const accounts = [...state.accounts.values()]
  return {
    ...state.organisation,
    user: (name: string) => must(state.userByName(name), name).userId,
    group: (name: string) => must(state.groupByName(name), name).groupId,
    set: (name: string) => must(state.permissionSetByName(name), name).permissionSetArn,
    account: (name: string) =>
      must(
        accounts.find((account) => account.name === name),
        name,
      ).accountId,
    unit: (name: string) =>
      must(
        [...state.organizationalUnits.values()].find((unit) => unit.name === name),
        name,
      ).id,
  }
}
