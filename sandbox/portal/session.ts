import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import type { User } from '../model/types.ts'
import type { World } from '../model/world.ts'

const sessionMs = 8 * 60 * 60 * 1000

const cookieContent = z.object({ userId: z.string(), signedInAt: z.number() })

/** Cookies of one host are shared by all its ports, so the port is in the name. */
const cookieName = (host: string) => `sandbox_portal_${host.split(':').at(-1)}`

const macOf = (world: World, content: string) =>
  createHmac('sha256', world.state.portalSecrets?.cookieSecret ?? '')
    .update(content)
    .digest('base64url')

export function signInCookie(world: World, user: User, host: string): string {
  const session = { userId: user.userId, signedInAt: world.now() }
  const content = Buffer.from(JSON.stringify(session)).toString('base64url')
  const value = `${content}.${macOf(world, content)}`
  return `${cookieName(host)}=${value}; Path=/; HttpOnly; SameSite=Lax`
}

export const signOutCookie = (host: string) =>
  `${cookieName(host)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`

/** Who is signed in to the portal: an enabled person, within the session's time. */
export function signedIn(world: World, cookies: string, host: string): User | null {
  const prefix = `${cookieName(host)}=`
  const cookie = cookies.split(/;\s*/).find((one) => one.startsWith(prefix))
  const [content = '', mac = ''] = cookie?.slice(prefix.length).split('.') ?? []
  const expected = Buffer.from(macOf(world, content))
  const given = Buffer.from(mac)
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return null
  const parsed = cookieContent.parse(JSON.parse(Buffer.from(content, 'base64url').toString('utf8')))
  if (world.now() >= parsed.signedInAt + sessionMs) return null
  const user = world.state.users.get(parsed.userId)
  return user?.status === 'ENABLED' ? user : null
}
