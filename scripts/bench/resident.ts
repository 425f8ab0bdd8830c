/** The memory of a server's process as the kernel counts it, in megabytes. */
import { readFile } from 'node:fs/promises'
import { round } from './figures.ts'
import type { ServerProcess } from './installation.ts'

export async function residentMegabytes({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_000, 0)
}

/** Looked at five times a second; answers the most that was seen. */
export function watchMemory(server: ServerProcess): () => Promise<number> {
  let peak = 0
  const look = async () => {
    peak = Math.max(peak, await residentMegabytes(server))
  }
  const timer = setInterval(() => void look(), 200)
  return async () => {
    await look()
    clearInterval(timer)
    return peak
  }
}
