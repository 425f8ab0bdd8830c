/**
 * Names and flags of the two cookies (the interfaces page's "HTTP API" and "Outside the API").
 * `__Host-` binds a cookie to this host, to https and to the path `/`. On loopback over http there
 * is no `Secure`, and the port is in the name: cookies do not tell ports apart, and several
 * installations may run side by side.
 */
import type { CookieSerializeOptions } from '@fastify/cookie'

export interface CookieKind {
  readonly name: string
  readonly options: CookieSerializeOptions
}

export interface Cookies {
  readonly session: CookieKind
  readonly preLogin: CookieKind
}

export const preLoginSecondsMax = 600

export function cookiesFor(publicUrl: string): Cookies {
  const url = new URL(publicUrl)
  const secure = url.protocol === 'https:'
  const port = url.port === '' ? '80' : url.port
  const always = { path: '/', httpOnly: true, secure } as const
  return {
    session: {
      name: secure ? '__Host-team_session' : `team_session_${port}`,
      options: { ...always, sameSite: 'lax' },
    },
    preLogin: {
      name: secure ? '__Host-team_prelogin' : `team_prelogin_${port}`,
      // The identity provider's answer is a POST from another site, and a browser sends `Lax`
      // cookies with those only where the site is the same, as on loopback.
      options: { ...always, sameSite: secure ? 'none' : 'lax', maxAge: preLoginSecondsMax },
    },
  }
}
