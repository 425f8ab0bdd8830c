import type { User } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { signedIn } from './session.ts'

/** One request of a browser to the portal. */
export interface Visit {
  world: World
  method: string
  path: string
  query: URLSearchParams
  form: URLSearchParams
  host: string
  /** The one address by which applications know this identity provider. */
  origin: string
  cookies: string
}

export const visitor = (visit: Visit): User | null =>
  signedIn(visit.world, visit.cookies, visit.host)
