/** What really stood in AWS, and when: every change of an assignment in the sandbox's model. */
import type { AssignmentKey, Operation } from '#sandbox/model/types.ts'
import type { World } from '#sandbox/model/world.ts'

export type Hand = 'team' | 'hand'

export interface Stay {
  readonly key: string
  readonly fromMs: number
  toMs: number | null
  readonly madeBy: Hand
  endedBy: Hand | null
  /** There before TEAM, and not TEAM's to touch (the domain's promise 5). */
  isStanding: boolean
}

export interface AccessLog {
  readonly stays: readonly Stay[]
  /** Every operation that AWS accepted, forgotten ones too. */
  readonly operations: readonly Operation[]
  staysOf(key: string): readonly Stay[]
  present(key: string): Stay | null
  /** What `work` does to assignments is done by hand, not by a call. */
  byHand<Result>(work: () => Result): Result
}

export const keyText = (
  key: Pick<AssignmentKey, 'principalId' | 'accountId' | 'permissionSetArn'>,
) => `${key.principalId}/${key.accountId}/${key.permissionSetArn}`

/** The model's two ways of changing an assignment are watched from outside: it does not know. */
export function watchAssignments(world: World): AccessLog {
  const stays: Stay[] = []
  const operations: Operation[] = []
  const open = new Map<string, Stay>()
  let hand: Hand = 'team'
  const { state } = world
  const put = state.putAssignment.bind(state)
  const remove = state.removeAssignment.bind(state)
  state.putAssignment = (assignment) => {
    put(assignment)
    const key = keyText(assignment)
    if (assignment.principalType !== 'USER' || open.has(key)) return
    const stay: Stay = {
      key,
      fromMs: assignment.createdAt,
      toMs: null,
      madeBy: hand,
      endedBy: null,
      isStanding: false,
    }
    open.set(key, stay)
    stays.push(stay)
  }
  state.removeAssignment = (tuple) => {
    remove(tuple)
    const stay = open.get(keyText(tuple))
    if (tuple.principalType === 'USER' && stay) {
      // An operation that is carried out brings the moment at which it was due.
      const dueAt: unknown = Reflect.get(tuple, 'dueAt')
      stay.toMs = typeof dueAt === 'number' ? dueAt : world.now()
      stay.endedBy = hand
      open.delete(stay.key)
    }
  }
  const putOperation = state.operations.put.bind(state.operations)
  state.operations.put = (operation) => {
    operations.push(operation)
    putOperation(operation)
  }
  return {
    stays,
    operations,
    staysOf: (key) => stays.filter((stay) => stay.key === key),
    present: (key) => open.get(key) ?? null,
    byHand(work) {
      // What is due by now was TEAM's.
      void world.state
      hand = 'hand'
      try {
        return work()
      } finally {
        hand = 'team'
      }
    },
  }
}
