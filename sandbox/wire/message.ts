export interface AwsRequest {
  method: string
  /** As on the wire, still percent-encoded. */
  path: string
  query: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: Buffer
}

export interface AwsAnswer {
  status: number
  headers: Record<string, string>
  body: string
  /** The effect has happened; the answer is held back this long. */
  holdMs: number
  /** The effect has happened; the answer never arrives. */
  drop: boolean
}
