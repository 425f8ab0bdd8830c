/** What administrators and auditors should look at, from the figures of the engine and the counts. */
import type { Counts } from '#contract/me.ts'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import type { StringKey } from '../../i18n.tsx'
import { paths } from '../../paths.ts'

/** Some figures change without a message: the budget, the last pass. */
export const refreshEveryMs = 15_000

/** The same figure as the alarm's, docs/operate/alarms.md. */
const directoryOldSeconds = 600
const failedDays = 7

export function directoryIsStale(status: Pick<ReconcilerStatus, 'directoryAgeSeconds'>): boolean {
  return status.directoryAgeSeconds === null || status.directoryAgeSeconds > directoryOldSeconds
}

export interface Wanted {
  readonly key: Extract<StringKey, `wanted.${string}`>
  readonly count: number
  readonly type: 'error' | 'warning'
  readonly href: string
}

/** Gravest first; what is zero is not there. */
export function wantedOf(
  status: ReconcilerStatus,
  counts: Counts,
  { now, dayOf }: { readonly now: Date; readonly dayOf: (at: Date) => string },
): Wanted[] {
  const since = dayOf(new Date(now.getTime() - failedDays * 86_400_000))
  const all: Wanted[] = [
    { key: 'wanted.late', count: status.keysLate, type: 'error', href: paths.health },
    {
      key: 'wanted.held',
      count: status.creationsHeld === null ? 0 : 1,
      type: 'error',
      href: paths.health,
    },
    {
      key: 'wanted.failed',
      count: counts.failed ?? 0,
      type: 'warning',
      href: `${paths.auditRequests}?status=failed&from=${since}`,
    },
    {
      key: 'wanted.reviews',
      count: counts.reviewsOpen ?? 0,
      type: 'warning',
      href: `${paths.auditRequests}?reviewOpen=true`,
    },
    {
      key: 'wanted.notices',
      count: status.noticesUndelivered,
      type: 'warning',
      href: `${paths.health}?tab=notices`,
    },
    {
      key: 'wanted.drift',
      count: status.drift,
      type: 'warning',
      href: `${paths.health}?tab=drift`,
    },
    {
      key: 'wanted.refresh',
      count: status.heldRefresh === null ? 0 : 1,
      type: 'warning',
      href: paths.directory,
    },
    {
      key: 'wanted.directory',
      count: directoryIsStale(status) ? 1 : 0,
      type: 'warning',
      href: paths.directory,
    },
  ]
  return all.filter(({ count }) => count > 0)
}
