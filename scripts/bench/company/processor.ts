/** Whose processor a load takes: what the load generator and PostgreSQL took is no server's cost. */
import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { round } from '../figures.ts'

export interface ProcessorMs {
  /** AWS's sandbox is in the same process. */
  readonly generator: number
  /** Of its sessions that live; null where the kernel does not say. */
  readonly postgres: number | null
}

export async function processorMs(owner: pg.Pool): Promise<ProcessorMs> {
  const { user, system } = process.cpuUsage()
  return { generator: (user + system) / 1_000, postgres: await sessionsMs(owner) }
}

async function sessionsMs(owner: pg.Pool): Promise<number | null> {
  const { rows } = await owner.query<{ pid: number }>('select pid from pg_stat_activity')
  const each = rows.flatMap(({ pid }) => msOf(pid) ?? [])
  return each.length === 0 ? null : each.reduce((sum, ms) => sum + ms, 0)
}

function msOf(pid: number): number | null {
  try {
    const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
    return Number(nanoseconds) / 1e6
  } catch {
    return null
  }
}

/** Milliseconds of a processor for each thing that was asked. */
export function perRequest(
  requests: number,
  { before, after, serverMs }: { before: ProcessorMs; after: ProcessorMs; serverMs: number },
) {
  const each = (ms: number) => round(ms / requests, 1)
  const isKnown = before.postgres !== null && after.postgres !== null
  return {
    server: each(serverMs),
    postgres: isKnown ? each((after.postgres ?? 0) - (before.postgres ?? 0)) : null,
    generator: each(after.generator - before.generator),
  }
}
