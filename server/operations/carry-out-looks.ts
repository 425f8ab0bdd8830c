/**
 * Carrying out the looks that people ask for. Name: `looks asked for`. What: reads who holds what in
 * an account, or in the accounts of a person, target by target. How often: every second, at most two
 * calls of AWS, in the lowest lane of its quota. Who: the leader. At most: one step of one look at a
 * time; looks take turns, so that a long one keeps nobody waiting.
 *
 * A step is one call and one transaction that keeps what it showed and how far the look has come.
 * Death in between repeats the call, and nothing else.
 */
import type { Kysely } from 'kysely'
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import type { Assignments, ProvisionedSets } from '#server/engine/assignments-port.ts'
import {
  type AccessLook,
  accountReadAt,
  type LookStep,
  nextLook,
  recordStep,
  saveAccountReading,
} from '#server/store/access-looks.ts'
import { type Change, change } from '#server/store/change.ts'
import { type Look, loadLook, saveLook } from '#server/store/looks.ts'
import type { Schema } from '#server/store/schema.ts'
import { lookAgeMsMax } from './ask-for-look.ts'
import { targetId } from './look-at-target.ts'
import type { Clock } from './making-changes.ts'

export interface CarryOutLooksPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly assignments: Pick<Assignments, 'holders'>
  readonly provisioned: ProvisionedSets
  readonly log: { warn(facts: object, message: string): void }
}

const callsARunMax = 2
/** What was read lately is skipped without a call; still a run has an end. */
const stepsARunMax = 200
const failuresInARowMax = 5
const waitAfterFailureMs = 10_000

export function createCarryOutLooks(ports: CarryOutLooksPorts) {
  return async (now: Date, options: { readonly epoch: number }): Promise<void> => {
    let calls = 0
    for (let step = 0; step < stepsARunMax && calls < callsARunMax; step += 1) {
      const look = await nextLook(ports.db, now)
      if (look === null) return
      if (await stepOf(ports, look, options)) calls += 1
    }
  }
}

type Epoch = { readonly epoch: number }

/** Whether AWS was called. */
async function stepOf(ports: CarryOutLooksPorts, look: AccessLook, epoch: Epoch): Promise<boolean> {
  try {
    if (look.account === null) return await beginAccount(ports, look, epoch)
    return await lookAtNext(ports, look, look.account, epoch)
  } catch (error) {
    ports.log.warn({ err: error, look: look.lookId }, 'A step of a look that was asked for failed')
    const failure = error instanceof Error ? error.message : String(error)
    const attempts = look.attempts + 1
    const at = await ports.clock.now()
    const isOver = attempts >= failuresInARowMax
    await write(ports, look, epoch, at, {
      attempts,
      failure,
      notBefore: new Date(at.getTime() + waitAfterFailureMs),
      ...(isOver && { state: 'failed' as const }),
    })
    return true
  }
}

async function beginAccount(
  ports: CarryOutLooksPorts,
  look: AccessLook,
  epoch: Epoch,
): Promise<boolean> {
  // Before the call: what it shows may be as old as this.
  const at = await ports.clock.now()
  const [accountId, ...accountsLeft] = look.accountsLeft
  if (accountId === undefined) {
    await write(ports, look, epoch, at, { state: 'done', failure: null })
    return false
  }
  const readAt = await accountReadAt(ports.db, accountId)
  if (readAt !== null && isFresh(readAt, at)) {
    await write(ports, look, epoch, at, { accountsLeft, accountsDone: look.accountsDone + 1 })
    return false
  }
  const sets = (await ports.provisioned.provisionedIn(accountId)) ?? (await everySet(ports.db))
  const account = { id: accountId, at, sets, setsLeft: sets }
  await write(ports, look, epoch, at, { accountsLeft, account, failure: null })
  return true
}

/** Where AWS does not say which are provisioned, any could be. */
async function everySet(db: Kysely<Schema>): Promise<PermissionSetArn[]> {
  const rows = await db
    .selectFrom('directory_permission_set')
    .select('permission_set_arn')
    .where('gone_at', 'is', null)
    .where('in_management_account', '=', false)
    .orderBy('permission_set_arn')
    .execute()
  return rows.map((row) => row.permission_set_arn as PermissionSetArn)
}

type AccountInHand = NonNullable<AccessLook['account']>

async function lookAtNext(
  ports: CarryOutLooksPorts,
  look: AccessLook,
  account: AccountInHand,
  epoch: Epoch,
): Promise<boolean> {
  const at = await ports.clock.now()
  const [permissionSetArn, ...setsLeft] = account.setsLeft
  if (permissionSetArn === undefined) {
    await change(
      ports.db,
      at,
      async (c) => {
        const { id: accountId, at: readAt, sets } = account
        await saveAccountReading(c.tx, { accountId, readAt, sets })
        await recordStep(c.tx, look, { at, account: null, accountsDone: look.accountsDone + 1 })
        c.changed('access-look', look.lookId)
      },
      epoch,
    )
    return false
  }
  const target = { accountId: account.id, permissionSetArn }
  const targetsDone = look.targetsDone + 1
  const recent = await loadLook(ports.db, target, new Date(at.getTime() - lookAgeMsMax))
  if (recent !== null) {
    const readAt = recent.lookedAt < account.at ? recent.lookedAt : account.at
    await write(ports, look, epoch, at, {
      account: { ...account, at: readAt, setsLeft },
      targetsDone,
    })
    return false
  }
  const seen = await holdersOf(ports, target, at)
  // What AWS knows no more is not among the sets of this reading; nothing is kept of who held it.
  const sets = seen ? account.sets : account.sets.filter((arn) => arn !== permissionSetArn)
  await change(
    ports.db,
    at,
    async (c) => {
      if (seen) await saveLook(c.tx, target, seen)
      await recordStep(c.tx, look, {
        at,
        account: { ...account, sets, setsLeft },
        targetsDone,
        failure: null,
      })
      c.changed('target-look', targetId(target))
    },
    epoch,
  )
  return true
}

/** Null: AWS does not know the target. */
async function holdersOf(
  { assignments }: CarryOutLooksPorts,
  target: { accountId: AccountId; permissionSetArn: PermissionSetArn },
  lookedAt: Date,
): Promise<Look | null> {
  const found = await assignments.holders(target)
  if (found.kind === 'gone') return null
  return { lookedAt, userIds: found.userIds, groupIds: found.groupIds }
}

function isFresh(readAt: Date, now: Date): boolean {
  return now.getTime() - readAt.getTime() < lookAgeMsMax
}

function write(
  { db }: CarryOutLooksPorts,
  look: AccessLook,
  epoch: Epoch,
  at: Date,
  step: LookStep,
): Promise<void> {
  const record = async (c: Change) => {
    await recordStep(c.tx, look, { ...step, at })
    if (step.state !== undefined) c.changed('access-look', look.lookId)
  }
  return change(db, at, record, epoch)
}
