import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { permissions } from './permissions.ts'

const root = new URL('../..', import.meta.url)
const imported = /(?:^|\n)\s*(?:import|export)\s+(?!type\b)[^'"]*?from\s+'((?:#|\.)[^']+)'/g

/** What runs when the server does: commands at somebody's desk have adapters of their own. */
async function filesOfTheServer(): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  const waiting = ['server/main.ts']
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (sources.has(file)) continue
    const source = await readFile(new URL(file, root), 'utf8')
    sources.set(file, source)
    for (const [, name = ''] of source.matchAll(imported)) {
      waiting.push(
        name.startsWith('#') ? name.slice(1) : new URL(name, `file:///${file}`).pathname.slice(1),
      )
    }
  }
  return sources
}

/** Which client's command is sent: the name is imported from one package only in each file. */
function callsIn(source: string): string[] {
  const packageOf = new Map<string, string>()
  for (const [, names = '', service = ''] of source.matchAll(
    /import (?:type )?\{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g,
  )) {
    for (const one of names.split(',')) packageOf.set(one.trim(), service)
  }
  return [...source.matchAll(/new ([A-Za-z]+)Command\(/g)].map(
    ([, operation = '']) => `${packageOf.get(`${operation}Command`)} ${operation}`,
  )
}

/** How packages of the SDK are named, where the budget has a shorter word. */
const packages: Readonly<Record<string, string>> = { ses: 'sesv2', logs: 'cloudwatch-logs' }

test('every call that the server sends is in the table of permissions, and nothing else is', async () => {
  const files = await filesOfTheServer()
  const adapters = [...files].filter(([file]) => file.startsWith('server/aws/'))
  expect(adapters.length).toBeGreaterThan(15)
  const sent = new Set(adapters.flatMap(([, source]) => callsIn(source)))
  const listed = permissions.map(
    ({ service, operation }) => `${packages[service] ?? service} ${operation}`,
  )
  expect(listed.toSorted()).toEqual([...sent].toSorted())
})

test('nothing that TEAM may do changes an organisation, a directory or a permission set', () => {
  const changes = permissions.filter(
    ({ operation }) => !/^(List|Describe|Get|Is|Start|Stop|Cancel)/.test(operation),
  )
  expect(changes.map(({ action }) => action)).toEqual([
    'sso:CreateAccountAssignment',
    'sso:DeleteAccountAssignment',
    'ses:SendEmail',
    'sns:Publish',
  ])
})
