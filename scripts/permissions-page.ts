/** docs/operate/permissions.md, in both languages, from the table that the task's role is made of. */
import { type On, type Permission, permissions, type Reason } from '#server/aws/permissions.ts'

export interface PageWords {
  readonly title: string
  readonly opening: readonly string[]
  readonly columns: readonly [action: string, on: string, why: string]
  /** On which resources `infra/role.ts` allows it. */
  readonly places: Readonly<Record<On, string>>
  readonly reason: (reason: Reason) => string
  readonly noneNeeded: (operation: string) => readonly [action: string, on: string]
  readonly besideOpening: string
  readonly besideColumns: readonly [action: string, on: string, why: string]
  readonly beside: Readonly<Record<Beside, readonly [on: string, why: string]>>
  readonly closing: readonly string[]
}

/** What the deployed task may do that is no call of an adapter. */
type Beside = keyof typeof beside
const beside = {
  database: '`rds-db:connect`',
  files: '`elasticfilesystem:ClientMount`, `ClientWrite`',
  key: '`kms:Decrypt`',
}

export function permissionsPage(words: PageWords): string {
  const called = permissions.map(({ action, operation, on, why }: Permission) =>
    action === null
      ? [...words.noneNeeded(operation), words.reason(why)]
      : [`\`${action}\``, words.places[on], words.reason(why)],
  )
  const deployed = Object.entries(beside).map(([name, actions]) => [
    actions,
    // The keys of `beside`, by its type.
    ...words.beside[name as Beside],
  ])
  return [
    `# ${words.title}`,
    ...words.opening,
    table(words.columns, called),
    words.besideOpening,
    table(words.besideColumns, deployed),
    ...words.closing,
  ]
    .map((paragraph) => `${paragraph}\n`)
    .join('\n')
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(columns), '|---|---|---|', ...rows.map(row)].join('\n')
}
