/**
 * One list a second of what AWS still works on serves every call in flight; an operation is
 * described once, when it has left that list. Where the endpoint has no such list, each operation
 * is described each second.
 */
import type { OperationStatus } from './assignments-port.ts'
import type { EngineDeps } from './ports.ts'

type Kind = 'create' | 'delete'

const listEveryMs = 1_000

export interface Poller {
  /** `acceptedAt`: a list that was read before then says nothing about this operation. */
  status(kind: Kind, awsRequestId: string, acceptedAt: Date): Promise<OperationStatus>
}

export function createPoller(deps: EngineDeps): Poller {
  const lists: Record<Kind, { at: Date; ids: Promise<ReadonlySet<string> | null> } | null> = {
    create: null,
    delete: null,
  }

  async function inProgress(kind: Kind, acceptedAt: Date): Promise<ReadonlySet<string> | null> {
    const now = await deps.clock.now()
    const last = lists[kind]
    const recent = last !== null && Math.abs(now.getTime() - last.at.getTime()) < listEveryMs
    if (recent && last.at > acceptedAt) return last.ids
    const ids = read(kind)
    lists[kind] = { at: now, ids }
    ids.catch(() => {
      if (lists[kind]?.ids === ids) lists[kind] = null
    })
    return ids
  }

  async function read(kind: Kind) {
    await deps.takeCall()
    return kind === 'create'
      ? deps.assignments.creationsInProgress()
      : deps.assignments.deletionsInProgress()
  }

  return {
    async status(kind, awsRequestId, acceptedAt) {
      const ids = await inProgress(kind, acceptedAt)
      if (ids?.has(awsRequestId)) return { kind: 'in_progress' }
      await deps.takeCall()
      return kind === 'create'
        ? deps.assignments.describeCreation(awsRequestId)
        : deps.assignments.describeDeletion(awsRequestId)
    },
  }
}
