/**
 * How much JavaScript a visit loads, from the build's manifest. Pure: the caller reads the files, so
 * that nothing here needs more than the browser's own types.
 */

export interface ManifestChunk {
  readonly file: string
  readonly isEntry?: boolean
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
}

export type Manifest = Readonly<Record<string, ManifestChunk>>

export const firstLoadBytesMax = 350 * 1024
export const routeBytesMax = 100 * 1024

/** One language is always loaded beside the entry; the larger of the two counts. */
const languages = [
  ['strings/en.ts', 'i18n/messages/all.en.js'],
  ['strings/ja.ts', 'i18n/messages/all.ja.js'],
]

export interface BundleSizes {
  readonly firstLoadBytes: number
  /** What each page adds, by its source file. */
  readonly routes: Readonly<Record<string, number>>
  /** In words; empty if everything is within its limit. */
  readonly problems: readonly string[]
}

export function bundleSizes(
  manifest: Manifest,
  gzippedBytes: (file: string) => number,
): BundleSizes {
  const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry)
  if (entry === undefined) throw new Error('The manifest has no entry')
  const first = closure(manifest, [entry])
  const sizeOf = (keys: Iterable<string>) => {
    let bytes = 0
    for (const key of keys) {
      const file = manifest[key]?.file ?? ''
      if (file.endsWith('.js')) bytes += gzippedBytes(file)
    }
    return bytes
  }
  const language = Math.max(
    ...languages.map((ends) =>
      sizeOf(Object.keys(manifest).filter((key) => ends.some((end) => key.endsWith(end)))),
    ),
  )
  const firstLoadBytes = sizeOf(first) + language
  const pages = Object.keys(manifest).filter((key) => /^pages\/\w+Page\.tsx$/.test(key))
  const routes = Object.fromEntries(
    pages.map((page) => [page, sizeOf(closure(manifest, [page]).difference(first))]),
  )
  return { firstLoadBytes, routes, problems: problemsOf(firstLoadBytes, routes) }
}

/** A chunk and everything that it imports at once. */
function closure(manifest: Manifest, keys: readonly string[]): Set<string> {
  const seen = new Set<string>()
  const waiting = [...keys]
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (seen.has(key)) continue
    seen.add(key)
    waiting.push(...(manifest[key]?.imports ?? []))
  }
  return seen
}

function problemsOf(firstLoadBytes: number, routes: Readonly<Record<string, number>>): string[] {
  const kB = (bytes: number) => `${Math.round(bytes / 1024)} kB`
  const routesOver = Object.entries(routes).filter(([, bytes]) => bytes > routeBytesMax)
  return [
    ...(firstLoadBytes > firstLoadBytesMax
      ? [`The first load of / is ${kB(firstLoadBytes)}, at most ${kB(firstLoadBytesMax)}`]
      : []),
    ...routesOver.map(([page, bytes]) => `${page} adds ${kB(bytes)}, at most ${kB(routeBytesMax)}`),
  ]
}
