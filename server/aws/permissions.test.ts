import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { permissions } from './permissions.ts'

const folder = new URL('.', import.meta.url)

/** Which client's command is sent: the name is imported from one package only in each file. */
async function callsSent(): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => /^[a-z-]+\.ts$/.test(name))
  const calls = await Promise.all(
    files.map(async (name) => {
      const source = await readFile(new URL(name, folder), 'utf8')
      const packageOf = new Map<string, string>()
      for (const [, names = '', service = ''] of source.matchAll(
        /import (?:type )?\{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g,
      )) {
        for (const one of names.split(',')) packageOf.set(one.trim(), service)
      }
      return [...source.matchAll(/new ([A-Za-z]+)Command\(/g)].map(([, operation = '']) => {
        const service = packageOf.get(`${operation}Command`)
        return `${service} ${operation}`
      })
    }),
  )
  return [...new Set(calls.flat())].toSorted()
}

/** How packages of the SDK are named, where the budget has a shorter word. */
const packages: Readonly<Record<string, string>> = { ses: 'sesv2', logs: 'cloudwatch-logs' }

test('every call that the adapters send is in the table of permissions, and nothing else is', async () => {
  const listed = permissions.map(
    ({ service, operation }) => `${packages[service] ?? service} ${operation}`,
  )
  const sent = await callsSent()
  expect(sent.length).toBeGreaterThan(30)
  expect(listed.toSorted()).toEqual(sent)
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
