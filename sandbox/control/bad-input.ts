/** Something in a control request can't be done, and which member of it says so. */
export class BadInput extends Error {
  readonly field: string

  constructor(field: string, reason: string) {
    super(reason)
    this.field = field
  }
}
