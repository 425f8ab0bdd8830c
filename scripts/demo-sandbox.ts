/** The sandbox as a process of its own: adopted if it runs, started if not, found again by its pid. */
import { spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { root } from './run.ts'

export interface DemoSandbox {
  readonly url: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const readyWithinMs = 30_000
const pollEveryMs = 50

export async function startOrAdoptSandbox(dataDir: string): Promise<DemoSandbox> {
  const port = Number(process.env.SANDBOX_PORT ?? '8090')
  const running = await recorded(dataDir)
  if (running && running.port !== port) await end(running.pid)
  const url = `http://127.0.0.1:${port}`
  if (!(running && running.port === port && (await answers(url)))) await start(dataDir, url)
  const { accessKeyId, secretAccessKey } = delegatedAdministrator
  return { url, region: 'us-east-1', accessKeyId, secretAccessKey }
}

async function start(dataDir: string, url: string): Promise<void> {
  const folder = join(dataDir, 'sandbox')
  mkdirSync(folder, { recursive: true })
  const logPath = join(folder, 'output.log')
  const log = openSync(logPath, 'a')
  const child = spawn(process.execPath, [`${root}sandbox/main.ts`], {
    env: { ...process.env, TEAM_DATA_DIR: dataDir },
    stdio: ['ignore', log, log],
    detached: true,
  })
  child.unref()
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  const until = Date.now() + readyWithinMs
  while (!(await answers(url))) {
    if (ended || Date.now() > until) {
      const lines = (await readFile(logPath, 'utf8')).trim().split('\n').slice(-3).join('\n')
      throw new Error(`The sandbox did not start (its log is ${logPath}):\n${lines}`)
    }
    await pause(pollEveryMs)
  }
  if (ended) throw new Error(`${url} is answered by another process: set SANDBOX_PORT`)
}

export function stopSandbox(dataDir: string): void {
  recorded(dataDir)
    .then((running) => running && process.kill(running.pid, 'SIGTERM'))
    .catch(() => {})
}

async function recorded(dataDir: string): Promise<{ pid: number; port: number } | null> {
  try {
    const { pid, port } = JSON.parse(await readFile(join(dataDir, 'sandbox', 'pid.json'), 'utf8'))
    process.kill(pid, 0)
    return { pid, port }
  } catch {
    return null
  }
}

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM')
  for (let waited = 0; waited < 10_000; waited += pollEveryMs) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await pause(pollEveryMs)
  }
  process.kill(pid, 'SIGKILL')
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/_sandbox/organization`).catch(() => null)
  return response?.ok ?? false
}
