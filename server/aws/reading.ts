import type { ReadOptions, ReadProgress } from '#server/engine/directory-port.ts'
import type { AwsClients } from './clients.ts'
import { isReadError, reading } from './errors.ts'
import type { Instance } from './instance.ts'
import type { Offers } from './offers.ts'

/** One reading: what each part of it needs. */
export interface Reading {
  readonly clients: AwsClients
  readonly at: Instance
  readonly offers: Offers
  readonly known: ReadOptions['known']
  readonly abort: { readonly abortSignal: AbortSignal }
  readonly progress: (more: Partial<ReadProgress>) => void
  note(text: string): void
}

const throttledAttemptsMax = 6

/** Each try waits for the bucket, which a throttled call has paused. */
export async function patiently<Answer>(
  operation: string,
  read: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await reading(operation, read)
    } catch (error) {
      if (attempt >= throttledAttemptsMax || !isReadError(error, 'throttled')) throw error
    }
  }
}
