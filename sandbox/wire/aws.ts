import { meetFault } from '../model/faults.ts'
import { arnOf } from '../model/principals.ts'
import { Refusal } from '../model/refusal.ts'
import type { Fault } from '../model/types.ts'
import type { World } from '../model/world.ts'
import type { AwsAnswer, AwsRequest } from './message.ts'
import { partialRead } from './partial-read.ts'
import { type Recognised, recognise } from './protocols.ts'
import { verifySignature } from './signature.ts'

/**
 * One AWS call in two steps, so that a fault may come between them: it is received, and waits
 * `waitMs` without any effect; then it is either run, once, or given up because the client has gone.
 */
export interface Reception {
  waitMs: number
  run(): AwsAnswer
  giveUp(): void
}

export function receive(world: World, request: AwsRequest): Reception {
  const recognised = recognise(request)
  const fault = meetFault(world, recognised.operation)
  return {
    waitMs: waitBeforeMs(fault),
    run: () => runCall(world, { request, recognised, fault }),
    giveUp: () => note(world, recognised, { status: 0, error: 'ClientGone', principal: '' }),
  }
}

/** The whole of AWS as one function. */
export function handleAws(world: World, request: AwsRequest): AwsAnswer {
  return receive(world, request).run()
}

/** Longer than anybody waits. */
const forEverMs = Number.MAX_SAFE_INTEGER

function waitBeforeMs(fault: Fault | undefined): number {
  if (fault?.hangs === 'before') return forEverMs
  const waits = fault?.delayWhen === 'before' || fault?.dropConnection === 'before'
  return waits ? (fault?.delayMs ?? 0) : 0
}

function holdAfterMs(fault: Fault | undefined): number {
  if (fault?.hangs === 'after') return forEverMs
  return fault?.delayWhen === 'before' ? 0 : (fault?.delayMs ?? 0)
}

interface Received {
  request: AwsRequest
  recognised: Recognised
  fault: Fault | undefined
}

function runCall(world: World, received: Received): AwsAnswer {
  const { recognised, fault } = received
  const requestId = world.passingIds.uuid()
  if (fault?.dropConnection === 'before') {
    note(world, recognised, { status: 0, error: 'ConnectionDropped', principal: '' })
    return { status: 0, headers: {}, body: '', holdMs: 0, drop: true }
  }
  const who = { principal: '' }
  let result: object | Refusal
  try {
    result = answer(world, received, who)
  } catch (error) {
    result = asRefusal(error)
  }
  const rendered = recognised.protocol.render(result, {
    requestId,
    operation: recognised.operation,
    service: recognised.service?.name ?? '',
  })
  const failed = result instanceof Refusal ? { error: result.code } : {}
  note(world, recognised, { status: rendered.status, ...failed, ...who })
  // Every AWS answer says what time it is: the SDK sets its clock by it.
  const date = new Date(world.wallNow()).toUTCString()
  return {
    ...rendered,
    headers: { ...rendered.headers, date },
    holdMs: holdAfterMs(fault),
    drop: fault?.dropConnection === 'after',
  }
}

function answer(
  world: World,
  { request, recognised, fault }: Received,
  who: { principal: string },
): object {
  const { service, operation } = recognised
  if (service === null) throw recognised.protocol.unknownOperation(operation)
  const wallNow = world.wallNow()
  const signer = verifySignature(request, { service: service.scope, wallNow })
  who.principal = arnOf(signer.principal, world.state.organisation)
  const known = service.operations[operation]
  const leftOut = world.settings.minimal && service.optional.includes(operation)
  if (known === undefined || leftOut) throw recognised.protocol.unknownOperation(operation)
  if (fault?.error !== undefined) throw new Refusal(fault.error, `Injected ${fault.error}`)
  const context = { world, signer, fault }
  service.authorise?.(context, operation)
  service.throttle(context, operation)
  const result = known.answer(context, recognised.input(), service.malformed)
  return fault === undefined ? result : partialRead(result, fault, world.chance)
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  console.error(error)
  return new Refusal('InternalServerException', 'Internal failure')
}

function note(
  world: World,
  { service, operation }: Recognised,
  outcome: { status: number; error?: string; principal: string },
): void {
  const at = world.now()
  world.note({ type: 'call', value: { service: service?.name ?? '', operation, at, ...outcome } })
}
