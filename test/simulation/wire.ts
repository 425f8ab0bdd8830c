/**
 * The wire between a copy and the sandbox. Each call is a touch. Beyond the sandbox's own faults, a
 * call that changes something may be taken off the wire: the copy gives up, and the call lands later,
 * as long as its signature lives.
 */
import type { World } from '#sandbox/model/world.ts'
import { inProcessHandler } from '#sandbox/wire/in-process.ts'
import type { Life, Touches } from './touches.ts'

type Handler = ReturnType<typeof inProcessHandler>
type Request = Parameters<Handler['handle']>[0]

const mutations = ['CreateAccountAssignment', 'DeleteAccountAssignment']

export interface LateCall {
  readonly landsAtMs: number
  readonly operation: string
  readonly land: () => Promise<unknown>
}

export interface Wire {
  /** How old the signature is of the call that is being received. */
  ageMs: number
  /** Milliseconds after which each of the next mutations lands that is taken off the wire. */
  readonly delays: number[]
  readonly late: LateCall[]
  handlerFor(life: Life): Handler
}

export interface WireOptions {
  readonly world: World
  readonly touches: Touches
  readonly nowMs: () => number
  readonly onLost: (operation: string, request: Request) => void
  /** A copy has signed a call that changes something, and is about to send it. */
  readonly onSent: (life: Life, operation: string) => void
}

export function operationOf(request: Pick<Request, 'headers'>): string {
  const target = Object.entries(request.headers).find(
    ([name]) => name.toLowerCase() === 'x-amz-target',
  )?.[1]
  return target?.split('.').at(-1) ?? 'unknown'
}

export function isMutation(operation: string): boolean {
  return mutations.includes(operation)
}

export function createWire({ world, touches, nowMs, onLost, onSent }: WireOptions): Wire {
  // A hang is a call that is given up after its time; no clock stands still for it.
  const handler = inProcessHandler(world, { wait: () => Promise.resolve(false) })
  const wire: Wire = {
    ageMs: 0,
    delays: [],
    late: [],
    handlerFor: (life) => ({
      ...handler,
      handle: (request, options) => {
        const operation = operationOf(request)
        const signedAtMs = nowMs()
        if (isMutation(operation)) onSent(life, operation)
        return touches.pass({
          life,
          kind: 'call',
          label: operation,
          pid: () => null,
          ...(isMutation(operation) && { onHeld: () => onLost(operation, request) }),
          run: () => send(operation, request, options, signedAtMs),
        })
      },
    }),
  }

  /** The sandbox judges a signature before it awaits anything. */
  function receive(signedAtMs: number, ...call: Parameters<Handler['handle']>) {
    wire.ageMs = nowMs() - signedAtMs
    const answer = handler.handle(...call)
    wire.ageMs = 0
    return answer
  }

  async function send(
    operation: string,
    request: Request,
    options: Parameters<Handler['handle']>[1],
    signedAtMs: number,
  ) {
    const delayMs = isMutation(operation) ? wire.delays.shift() : undefined
    if (delayMs === undefined) {
      try {
        return await receive(signedAtMs, request, options)
      } catch (error) {
        if (isMutation(operation)) onLost(operation, request)
        throw error
      }
    }
    onLost(operation, request)
    const land = () => receive(signedAtMs, request).catch(() => undefined)
    wire.late.push({ landsAtMs: nowMs() + delayMs, operation, land })
    throw Object.assign(new Error('no answer within 10 s'), { name: 'TimeoutError' })
  }

  return wire
}
