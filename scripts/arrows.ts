/**
 * Who may import whom (ARCHITECTURE.md). Rooms name each other by `#room/…`; within a room paths
 * are relative. A file that reaches into a room it may not know fails the check.
 */
import { readFile } from 'node:fs/promises'
import { capture, root } from './run.ts'

/** The first rule whose `from` matches decides. `packages`: bare imports, by beginning. */
interface Rule {
  readonly from: RegExp
  readonly rooms: readonly RegExp[]
  readonly packages?: { readonly only?: readonly string[]; readonly never?: readonly string[] }
}

const anyTest = /\.(test|fixture)\.ts$|^test\//
const rules: readonly Rule[] = [
  { from: anyTest, rooms: [/./] },
  { from: /^scripts\//, rooms: [/./] },
  { from: /^core\//, rooms: [/^core\//], packages: { only: [] } },
  { from: /^contract\//, rooms: [/^contract\//, /^core\//], packages: { only: ['zod'] } },
  // Of the build, which runs on Node.
  { from: /^web\/vite\.config\.ts$/, rooms: [/^web\//], packages: { never: ['@aws-sdk/'] } },
  { from: /^web\//, rooms: [/^web\//, /^contract\//], packages: { never: ['node:', '@aws-sdk/'] } },
  { from: /^sandbox\//, rooms: [/^sandbox\//], packages: { never: ['@aws-sdk/'] } },
  { from: /^server\/aws\//, rooms: [/^server\/(aws|engine)\//, /^core\//] },
  {
    from: /^server\/(operations|engine)\//,
    rooms: [/^core\//, /^server\/(operations|engine|store)\//, /^contract\//],
    packages: { never: ['@aws-sdk/', 'fastify'] },
  },
  {
    from: /^server\/store\//,
    rooms: [/^core\//, /^server\/store\//, /^server\/audit\/chain\.ts$/, /^contract\//],
    packages: { never: ['@aws-sdk/', 'fastify'] },
  },
  {
    from: /^infra\//,
    rooms: [
      /^infra\//,
      /^server\/(aws\/permissions|config-file|command-line\/shell)/,
      /^server\/wiring\/metrics-line/,
    ],
    packages: { never: ['@aws-sdk/'] },
  },
  { from: /^server\/main\.ts$|^server\/wiring\//, rooms: [/^(core|contract|server)\//] },
  {
    from: /^server\//,
    rooms: [/^(core|contract|server)\//],
    packages: { never: ['@aws-sdk/', 'aws-cdk-lib'] },
  },
  { from: /./, rooms: [/./] },
]

const importOf =
  /(?:^|[\s;])(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|import\s*\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm

export async function brokenArrows(): Promise<string[]> {
  const files = await sourceFiles()
  const broken = await Promise.all(files.map(brokenIn))
  return broken.flat()
}

async function sourceFiles(): Promise<string[]> {
  const listed = await capture('git', [
    ...['ls-files', '--cached', '--others', '--exclude-standard'],
    ...['*.ts', '*.tsx'],
  ])
  return listed.output.split('\n').filter((file) => file !== '')
}

async function brokenIn(file: string): Promise<string[]> {
  const rule = rules.find(({ from }) => from.test(file))
  const source = await readFile(new URL(file, `file://${root}`), 'utf8').catch(() => '')
  if (!rule) return []
  return [...source.matchAll(importOf)].flatMap((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    const target = localTarget(file, name)
    if (target === null) return packageAllowed(rule, name) ? [] : [`${file} imports ${name}`]
    const typeOnly = /^\s*(import|export)\s+type\b/.test(match[0].trim())
    // Inside the server a type is how a port is named; it is gone when the code runs.
    if (typeOnly && file.startsWith('server/') && target.startsWith('server/')) return []
    return rule.rooms.some((room) => room.test(target)) ? [] : [`${file} imports ${target}`]
  })
}

/** The path in the repository; null for a package. */
function localTarget(file: string, name: string): string | null {
  if (name.startsWith('#')) return name.slice(1)
  if (!name.startsWith('.')) return null
  return new URL(name, `file:///${file}`).pathname.slice(1)
}

function packageAllowed(rule: Rule, name: string): boolean {
  const { only, never } = rule.packages ?? {}
  const matches = (list: readonly string[]) =>
    list.some(
      (item) =>
        name === item ||
        name.startsWith(item.endsWith('/') || item.endsWith(':') ? item : `${item}/`),
    )
  if (only && !matches(only)) return false
  return !(never && matches(never))
}
