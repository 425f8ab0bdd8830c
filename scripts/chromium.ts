/** The browser that tests and screenshots drive: the system's own, installed where that is possible. */
import { existsSync } from 'node:fs'
import { capture } from './run.ts'

const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Without them Chromium asks for hosts outside at every start, and a closed network refuses. */
export const chromiumFlags: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function findChromium(): string | null {
  return places.find((place) => place !== '' && existsSync(place)) ?? null
}

/** Installs Debian's where we may; else says exactly what to do. */
export async function chromiumOrInstall(): Promise<string> {
  const found = findChromium()
  if (found) return found
  const packages = ['chromium', 'fonts-noto-cjk']
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`The browser tests need Chromium; installing it: ${command}`)
    await capture('apt-get', ['update', '-q'])
    await capture('apt-get', ['install', '-y', '--no-install-recommends', ...packages])
    const installed = findChromium()
    if (installed) return installed
  }
  throw new Error(
    `The browser tests need Chromium. Install it (Debian, Ubuntu: sudo ${command}), or set CHROMIUM_PATH.`,
  )
}
