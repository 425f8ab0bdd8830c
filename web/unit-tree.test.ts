import { expect, test } from 'vitest'
import { type UnitNode, unitsAbove, unitsFound, unitTree } from './unit-tree.ts'

const unit = (id: string, parentId: string | null, accountCount: number) => ({
  id,
  name: `Unit ${id}`,
  parentId,
  accountCount,
})
const units = [
  unit('r', null, 9),
  unit('prod', 'r', 5),
  unit('payments', 'prod', 3),
  unit('cards', 'payments', 1),
  unit('dev', 'r', 4),
]
const shape = (nodes: readonly UnitNode[]): unknown[] =>
  nodes.map(({ id, children }) => (children.length > 0 ? [id, shape(children)] : id))

test('units stand below their parents, and the root is left out', () => {
  expect(shape(unitTree(units))).toEqual([['prod', [['payments', ['cards']]]], 'dev'])
})

test('seven levels are seven levels', () => {
  const deep = Array.from({ length: 8 }, (_, level) =>
    unit(`l${level}`, level === 0 ? null : `l${level - 1}`, 1),
  )
  let nodes = unitTree(deep)
  let levels = 0
  while (nodes.length > 0) {
    levels += 1
    nodes = nodes[0]?.children ?? []
  }
  expect(levels).toBe(7)
})

test('a unit whose parent is not known is still offered', () => {
  expect(shape(unitTree([unit('r', null, 1), unit('lost', 'gone', 1)]))).toEqual(['lost'])
})

test('accounts directly in a unit are those in none below it', () => {
  const [prod] = unitTree(units)
  expect([prod?.accountsBelow, prod?.accountsDirect]).toEqual([5, 2])
})

test('what is found keeps the way to it and all that is below it', () => {
  expect(shape(unitsFound(unitTree(units), ' PAYMENTS '))).toEqual([
    ['prod', [['payments', ['cards']]]],
  ])
  expect(shape(unitsFound(unitTree(units), 'cards'))).toEqual([['prod', [['payments', ['cards']]]]])
  expect(unitsFound(unitTree(units), 'nothing')).toEqual([])
})

test('what must be open is every unit above one that is wanted, and no other', () => {
  expect(unitsAbove(unitTree(units), ({ id }) => id === 'cards')).toEqual(['prod', 'payments'])
  expect(unitsAbove(unitTree(units), ({ id }) => id === 'dev')).toEqual([])
})
