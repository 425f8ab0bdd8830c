/**
 * Services that only commands at somebody's desk ask. They are not in clients.ts: no server loads
 * them, they share no quota with one, and whoever typed the command waits for the answer.
 */
import { NodeHttpHandler } from '@smithy/node-http-handler'

export interface Desk {
  readonly region: string | undefined
  /** Of the shared AWS files; undefined: as the SDK finds its credentials. */
  readonly profile: string | undefined
}

const limitsMs = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }

export const clientAt = ({ region, profile }: Desk) => ({
  ...(region !== undefined && { region }),
  ...(profile !== undefined && { profile }),
  requestHandler: new NodeHttpHandler(limitsMs),
})

/** What AWS refused, in its words. */
export class AwsRefused extends Error {}

export async function inItsWords<T>(service: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    throw new AwsRefused(`${service}: ${name}: ${message}`, { cause: error })
  }
}
