/** What a person's open page is told by `GET /api/v1/stream`. */
import type { Person } from '../person.ts'

interface Told {
  readonly type: string
  readonly id: string
  readonly version: number
}

export class LiveStream {
  readonly #told: Told[] = []
  readonly #closing: AbortController

  private constructor(closing: AbortController) {
    this.#closing = closing
  }

  /** Answers when the stream is open. */
  static async open(person: Person): Promise<LiveStream> {
    const closing = new AbortController()
    const stream = new LiveStream(closing)
    const response = await person.open('/stream', closing.signal)
    if (response.status !== 200 || response.body === null) {
      throw new Error(`The stream answered ${response.status}`)
    }
    void stream.#read(response.body.pipeThrough(new TextDecoderStream())).catch(() => undefined)
    return stream
  }

  toldOf(type: string, id: string, version: number): boolean {
    return this.#told.some((one) => one.type === type && one.id === id && one.version === version)
  }

  close(): void {
    this.#closing.abort()
  }

  async #read(texts: AsyncIterable<string>): Promise<void> {
    let rest = ''
    for await (const text of texts) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('data: ')) this.#told.push(JSON.parse(line.slice('data: '.length)))
      }
    }
  }
}
