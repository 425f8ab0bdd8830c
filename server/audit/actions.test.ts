import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { actionsAsMarkdown, auditActions } from './actions.ts'
import { cutAction, eraseAction, eventObjectType } from './check.ts'

const root = join(import.meta.dirname, '../..')

/** Names that are put together when they are written, and what they can become. */
const composed: Record<string, string[]> = {
  'request.${stop.verb}': ['request.cancel', 'request.return', 'request.revoke'],
  'proposal.${action}': ['proposal.refuse', 'proposal.withdraw'],
  'access.${kind}_intended': ['access.create_intended', 'access.delete_intended'],
  '${kind.objectType}.${verbOf(saved)}': ['eligibility-policy', 'approver-policy'].flatMap((kind) =>
    ['create', 'update', 'delete'].map((verb) => `${kind}.${verb}`),
  ),
}

/** Written by the name that verification knows them by. */
const namedByCheck = [eraseAction, cutAction]

function writtenActions(): string[] {
  const files = globSync('server/**/*.ts', { cwd: root })
  // Actions of IAM are another thing.
  const others = /\.test\.ts$|server\/(audit\/actions|aws\/permissions)\.ts$/
  const sources = files.filter((file) => !others.test(file))
  return sources.flatMap((file) => {
    const code = readFileSync(join(root, file), 'utf8').replace(/^\s*(\*|\/\/|\/\*\*).*$/gm, '')
    const values = [
      ...code.matchAll(/\baction: ([^,]*),/g),
      ...code.matchAll(/accessEvent\(\s*c,\s*([^,]*),/g),
    ].map(([, value = '']) => value)
    return values.flatMap((value) =>
      [...value.matchAll(/'([\w-]+\.[\w-]+)'|`([^`]*)`/g)].flatMap(([, plain, template]) =>
        plain !== undefined ? [plain] : (composed[template ?? ''] ?? [`unknown: ${template}`]),
      ),
    )
  })
}

test('the trail holds no action that the table does not describe', () => {
  const known = Object.keys(auditActions)
  expect(writtenActions().filter((action) => !known.includes(action))).toEqual([])
})

test('the table describes no action that nothing writes', () => {
  const written = new Set([...writtenActions(), ...namedByCheck])
  expect(Object.keys(auditActions).filter((action) => !written.has(action))).toEqual([])
})

test('an erasure is what verification takes for one', () => {
  expect(auditActions[eraseAction].object).toBe(eventObjectType)
})

test('the reference page prints this table', () => {
  const page = readFileSync(join(root, 'docs/reference/audit-format.md'), 'utf8')
  expect(page).toContain(actionsAsMarkdown())
})
