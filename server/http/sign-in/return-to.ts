/**
 * Where a person goes after signing in: a page of TEAM and nothing else. It travels in the signed
 * pre-login cookie; RelayState, which anybody may write, is neither sent nor read.
 */
const charactersMax = 512
const notPages = ['/auth', '/api']

export const home = '/'

export function safeReturnTo(given: unknown, publicUrl: string): string {
  if (typeof given !== 'string' || given.length > charactersMax) return home
  // A browser drops tabs and line breaks and takes a backslash for a slash: `/\evil` is `//evil`.
  if (!given.startsWith('/') || /[\p{Cc}\\]/u.test(given)) return home
  if (!URL.canParse(given, publicUrl)) return home
  const url = new URL(given, publicUrl)
  const path = `${url.pathname}${url.search}${url.hash}`
  // Dots are resolved by now, so `/.//evil` has become `//evil`.
  if (url.origin !== new URL(publicUrl).origin || path.startsWith('//')) return home
  const isPage = !notPages.some((one) => url.pathname === one || url.pathname.startsWith(`${one}/`))
  return isPage && path.length <= charactersMax ? path : home
}
