/** An answer of AWS that is not a success, under AWS's own name for it. */
export class Refusal extends Error {
  readonly code: string
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, members: Record<string, unknown> = {}) {
    super(message)
    this.name = code
    this.code = code
    this.members = members
  }
}
