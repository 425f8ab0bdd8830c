/** Organizational units as a tree: what is below each, what is found, what must be open to be seen. Pure. */
import type { DirectoryOu } from '#contract/directory.ts'

export interface UnitNode {
  readonly id: string
  readonly name: string
  readonly children: readonly UnitNode[]
  /** Active accounts in it and at any depth below. */
  readonly accountsBelow: number
  /** Of those, the ones in no unit below it. */
  readonly accountsDirect: number
}

type Unit = Pick<DirectoryOu, 'id' | 'name' | 'parentId' | 'accountCount'>

/** Without the root, which policies name in another way; a unit of an unknown parent stands on top. */
export function unitTree(units: readonly Unit[]): readonly UnitNode[] {
  const known = new Set(units.map(({ id }) => id))
  const roots = new Set(units.filter(({ parentId }) => parentId === null).map(({ id }) => id))
  const isTop = ({ parentId }: Unit) =>
    parentId !== null && (roots.has(parentId) || !known.has(parentId))
  const childrenOf = Map.groupBy(units, ({ parentId }) => parentId)
  const nodeOf = (unit: Unit): UnitNode => {
    const children = (childrenOf.get(unit.id) ?? []).map(nodeOf)
    const inChildren = children.reduce((sum, { accountsBelow }) => sum + accountsBelow, 0)
    return {
      id: unit.id,
      name: unit.name,
      children,
      accountsBelow: unit.accountCount,
      accountsDirect: Math.max(0, unit.accountCount - inChildren),
    }
  }
  return units.filter(isTop).map(nodeOf)
}

/** Units with the text in their name, with the way to each and all that is below it. */
export function unitsFound(nodes: readonly UnitNode[], text: string): readonly UnitNode[] {
  const wanted = text.trim().normalize('NFKC').toLowerCase()
  if (wanted === '') return nodes
  return nodes.flatMap((node) => {
    if (node.name.normalize('NFKC').toLowerCase().includes(wanted)) return [node]
    const children = unitsFound(node.children, text)
    return children.length > 0 ? [{ ...node, children }] : []
  })
}

/** Those that have one of the wanted somewhere below them. */
export function unitsAbove(
  nodes: readonly UnitNode[],
  isWanted: (node: UnitNode) => boolean,
): readonly string[] {
  return nodes.flatMap((node) => {
    const inside = unitsAbove(node.children, isWanted)
    return inside.length > 0 || node.children.some(isWanted) ? [node.id, ...inside] : []
  })
}
