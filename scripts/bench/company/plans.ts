/** What PostgreSQL does for a statement that the server said: nodes, indexes, pages touched. */
import type pg from 'pg'
import { round } from '../figures.ts'
import type { SeenStatement } from '../server-probe.ts'

export interface ShownPlan {
  readonly statement: string
  readonly ms: number
  readonly buffers: number
  /** From the top: node, index or table, rows. */
  readonly nodes: readonly string[]
}

const nodesShown = 12
const charactersShown = 400

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Only statements that read; each is carried out once more for its plan. */
export async function explain(
  owner: pg.Pool,
  seen: readonly SeenStatement[],
): Promise<ShownPlan[]> {
  const plans: ShownPlan[] = []
  for (const { text, values } of seen) {
    if (!/^\s*(select|with)/i.test(text) || /\bfor (update|share|key share)\b/i.test(text)) continue
    const { rows } = await owner.query(`explain (analyze, buffers, format json) ${text}`, [
      ...values,
    ])
    const top = rows[0]?.['QUERY PLAN']?.[0]
    if (top === undefined) continue
    plans.push({
      statement: text.replaceAll(/\s+/g, ' ').slice(0, charactersShown),
      ms: round(top['Execution Time']),
      buffers: buffersOf(top.Plan),
      nodes: nodesOf(top.Plan).slice(0, nodesShown),
    })
  }
  return plans.sort((a, b) => b.ms - a.ms)
}

function buffersOf(node: PlanNode): number {
  return (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0)
}

function nodesOf(node: PlanNode): string[] {
  const where = node['Index Name'] ?? node['Relation Name'] ?? ''
  const rows = Math.round((node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1))
  const own = `${node['Node Type']}${where && ` ${where}`} (${rows})`
  return [own, ...(node.Plans ?? []).flatMap(nodesOf)]
}
