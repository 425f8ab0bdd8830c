/**
 * What can drift is generated, committed and checked: `npm run generate` writes these files,
 * `npm run check` says which of them are stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { printMatrix } from '#core/access.ts'
import { configReference } from '#server/config.ts'
import { configFileSchema } from '#server/config-file/schema.ts'
import { dumpMigratedSchema } from './dump-schema.ts'
import { openApiDocument } from './openapi.ts'
import { english } from './permissions-page.en.ts'
import { japanese } from './permissions-page.ja.ts'
import { permissionsPage } from './permissions-page.ts'
import { root } from './run.ts'

interface Generated {
  readonly path: string
  readonly make: () => Promise<string>
}

const generated: readonly Generated[] = [
  { path: 'test/snapshots/authorisation.txt', make: async () => printMatrix() },
  { path: 'docs/operate/permissions.md', make: async () => permissionsPage(english) },
  { path: 'docs/operate/permissions.ja.md', make: async () => permissionsPage(japanese) },
  { path: 'docs/reference/settings.md', make: async () => configReference() },
  { path: 'docs/reference/team.config.schema.json', make: async () => configFileSchema() },
  {
    path: 'docs/reference/openapi.json',
    make: async () => `${JSON.stringify(await openApiDocument(), null, 2)}\n`,
  },
]

/** Paths whose content is not what the code would generate now. The database's is in `npm test`. */
export async function staleFiles(): Promise<string[]> {
  const checked = await Promise.all(
    generated.map(async ({ path, make }) => {
      const committed = await readFile(root + path, 'utf8').catch(() => '')
      return committed === (await make()) ? [] : [`${path} is stale: run npm run generate`]
    }),
  )
  return checked.flat()
}

if (import.meta.main) {
  for (const { path, make } of generated) {
    await mkdir(dirname(root + path), { recursive: true })
    await writeFile(root + path, await make())
    console.log(`wrote ${path}`)
  }
  // Takes a database of its own, so its check is a test (scripts/dump-schema.test.ts).
  await writeFile(`${root}server/store/schema.sql`, await dumpMigratedSchema())
  console.log('wrote server/store/schema.sql')
}
