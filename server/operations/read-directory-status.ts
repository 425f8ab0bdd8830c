import type { Kysely } from 'kysely'
import type { DirectoryStatus } from '#contract/directory.ts'
import { namesOfThings } from '#server/store/directory-names.ts'
import { directoryStatus, heldRefresh, type Refresh } from '#server/store/directory-refreshes.ts'
import { namesOfUsers } from '#server/store/people.ts'
import type { Schema } from '#server/store/schema.ts'

const namesShownMax = 20

export async function readDirectoryStatus(ports: {
  readonly db: Kysely<Schema>
}): Promise<DirectoryStatus> {
  const { appliedAt, counts, latest } = await directoryStatus(ports.db)
  const held = await heldRefresh(ports.db)
  return {
    appliedAt: appliedAt?.toISOString() ?? null,
    counts,
    latest: latest && showRefresh(latest),
    held: held && (await showHeld(ports.db, held)),
  }
}

function showRefresh({ refreshId, state, startedAt, finishedAt, failure }: Refresh) {
  return {
    refreshId,
    state,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    failure,
  }
}

async function showHeld(db: Kysely<Schema>, held: Refresh): Promise<DirectoryStatus['held']> {
  const entries = Object.entries(held.removals ?? {})
  const shown = entries.flatMap(([, { ids }]) => ids.slice(0, namesShownMax))
  const nameOf = await namesOfThings(db, shown)
  const decider = await namesOfUsers(db, held.decidedBy === null ? [] : [held.decidedBy])
  return {
    refreshId: held.refreshId,
    state: held.state === 'accepted' ? 'accepted' : 'held',
    at: (held.finishedAt ?? held.startedAt).toISOString(),
    reason: held.failure,
    removals: entries
      .filter(([, { count }]) => count > 0)
      .map(([kind, { count, ids }]) => ({
        // The keys of the record are its kinds; Object.entries forgets it.
        kind: kind as keyof NonNullable<Refresh['removals']>,
        count,
        names: ids.slice(0, namesShownMax).map(nameOf),
      })),
    decidedBy: held.decidedBy && decider(held.decidedBy),
  }
}
