/** A sentence for the operator. The schema is as it was before the migration it speaks of. */
export class MigrationError extends Error {
  override readonly name: string = 'MigrationError'
}

export class SchemaTooNew extends MigrationError {
  override readonly name = 'SchemaTooNew'
  readonly unknownMigrations: readonly string[]

  constructor(found: { minimum: number; codeLevel: number; unknown: readonly string[] }) {
    const { minimum, codeLevel, unknown } = found
    const by = unknown.length === 0 ? '' : ` (by ${unknown.join(', ')})`
    super(
      `The database was upgraded${by} and asks for code level ${minimum}; this TEAM is at level ` +
        `${codeLevel}: start the newer TEAM, or restore a backup from before the upgrade`,
    )
    this.unknownMigrations = unknown
  }
}
