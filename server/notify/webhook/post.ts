/** One HTTPS POST to an address that was checked: no redirects, bounded in time and in size. */
import { request } from 'node:https'
import { type Pinned, pin, type Resolve } from './addresses.ts'

export interface Posted {
  readonly status: number
  /** The beginning of what the receiver said. */
  readonly said: string
}

export type Post = (
  url: string,
  message: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
) => Promise<Posted>

export interface PostOptions {
  /** Networks allowed beside the public ones. */
  readonly allowed: readonly string[]
  /** For tests: whom to trust, how names resolve, how long to wait. */
  readonly ca?: string
  readonly resolve?: Resolve
  readonly limitMs?: number
}

const limitMs = 10_000
const saidBytesMax = 2_048

export function createPost(options: PostOptions): Post {
  return async (text, message) => {
    const url = new URL(text)
    if (url.protocol !== 'https:') throw new Error('Only https addresses are called')
    return send(url, await pin(url.hostname, options), message, options)
  }
}

function send(
  url: URL,
  pinned: Pinned,
  { body, headers }: Parameters<Post>[1],
  options: PostOptions,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const sending = request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(options.limitMs ?? limitMs),
      // Whatever the name is by now, the connection goes where it was found to be allowed.
      lookup: (_host, { all }, done) => {
        const { address, family } = pinned
        // Node asks for one or for all, and its types know only one.
        const answer = done as (error: null, found: unknown, family?: number) => void
        if (all) answer(null, [{ address, family }])
        else answer(null, address, family)
      },
      ...(options.ca !== undefined && { ca: options.ca }),
    })
    sending.on('error', reject)
    sending.on('response', (response) => {
      let said = Buffer.alloc(0)
      const finish = () => {
        resolve({ status: response.statusCode ?? 0, said: said.toString('utf8') })
      }
      response.on('data', (part: Buffer) => {
        said = Buffer.concat([said, part]).subarray(0, saidBytesMax)
        if (said.length < saidBytesMax) return
        finish()
        response.destroy()
      })
      response.on('end', finish)
      response.on('error', reject)
    })
    sending.end(body)
  })
}
