import type { Mail } from '../model/types.ts'

interface Part {
  headers: Map<string, string>
  body: Buffer
}

const depthMax = 5

/** As much of MIME (RFC 2045–2047) as mails with a text and an HTML part need. */
export function parseMail(raw: Buffer): Pick<Mail, 'subject' | 'text' | 'html' | 'from' | 'to'> {
  const message = readPart(raw)
  const header = (name: string) => decodeWords(message.headers.get(name) ?? '')
  const leaves = leavesOf(message, 0)
  const textOf = (type: string) => leaves.find((leaf) => leaf.type === type)?.text ?? ''
  const to = ['to', 'cc', 'bcc'].flatMap((name) => header(name).split(','))
  return {
    subject: header('subject'),
    from: header('from'),
    to: to.map((address) => address.trim()).filter((address) => address !== ''),
    text: textOf('text/plain'),
    html: textOf('text/html'),
  }
}

function readPart(raw: Buffer): Part {
  const text = raw.toString('latin1')
  const gap = /\r?\n\r?\n/.exec(text)
  const head = gap === null ? text : text.slice(0, gap.index)
  const body = gap === null ? Buffer.alloc(0) : raw.subarray(gap.index + gap[0].length)
  const headers = new Map<string, string>()
  const utf8Head = Buffer.from(head, 'latin1').toString('utf8')
  for (const line of utf8Head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0)
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  return { headers, body }
}

function leavesOf(part: Part, depth: number): { type: string; text: string }[] {
  const contentType = part.headers.get('content-type') ?? 'text/plain'
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (!type.startsWith('multipart/') || depth >= depthMax) {
    return [{ type, text: decodeBody(part, contentType) }]
  }
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1] ?? ''
  const pieces = part.body.toString('latin1').split(`--${boundary}`).slice(1)
  const inner = pieces.filter((piece) => !piece.startsWith('--'))
  return inner.flatMap((piece) => {
    const trimmed = piece.replace(/^\r?\n/, '').replace(/\r?\n$/, '')
    return leavesOf(readPart(Buffer.from(trimmed, 'latin1')), depth + 1)
  })
}

function decodeBody(part: Part, contentType: string): string {
  const charset = /charset="?([^";]+)"?/i.exec(contentType)?.[1] ?? 'utf-8'
  const encoding = (part.headers.get('content-transfer-encoding') ?? '7bit').toLowerCase()
  const ascii = () => part.body.toString('latin1')
  if (encoding === 'base64') return decode(Buffer.from(ascii(), 'base64'), charset)
  if (encoding !== 'quoted-printable') return decode(part.body, charset)
  return decode(quoted(ascii().replaceAll(/=\r?\n/g, '')), charset)
}

const quoted = (text: string) =>
  Buffer.from(
    text.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    ),
    'latin1',
  )

function decode(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}

function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(
      /=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g,
      (_, charset: string, form: string, data: string) =>
        form.toUpperCase() === 'B'
          ? decode(Buffer.from(data, 'base64'), charset)
          : decode(quoted(data.replaceAll('_', ' ')), charset),
    )
}
