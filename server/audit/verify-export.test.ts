/**
 * One export and copies of it with one byte changed, judged by TEAM's verifier and by the Python
 * script of docs/reference, which knows only the description of the format.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInFolder } from '#test/command-line.ts'
import { readAnchors } from './anchor-lines.ts'
import { genesisHash, hashEvent, sealPayload } from './chain.ts'
import type { Link, StoredEvent } from './check.ts'
import { eventLine } from './lines.ts'
import { verifyExport } from './verify-export.ts'
import type { Anchor, WalkOptions } from './walk.ts'

const root = join(import.meta.dirname, '../..')
const script = join(root, 'docs/reference/verify_trail.py')
const start: Link = { seq: 0, hash: genesisHash }
const cutAt = new Date('2034-01-01T00:00:00.000Z')

interface Draft {
  readonly action?: string
  readonly about?: string
  readonly payload?: object
  readonly isErased?: boolean
  readonly at?: Date
}

/** A chain as `change()` would have written it. */
function chain(drafts: readonly Draft[], from: Link = start): StoredEvent[] {
  let previous = from
  return drafts.map((draft, index) => {
    const { action = 'request.submit', about, payload = {}, isErased = false } = draft
    const sealed = sealPayload(payload)
    const header = {
      seq: previous.seq + 1,
      at: draft.at ?? new Date(Date.UTC(2026, 10, 24, 0, index, 0, 123)),
      actor: { type: 'user', id: 'u-1', name: 'tarō 𠮷 "\u001f\\"@example.com' } as const,
      action,
      object: { type: about === undefined ? 'request' : 'audit_event', id: about ?? `r-${index}` },
      result: 'done',
    }
    const hash = hashEvent(previous.hash, header, sealed.hash)
    const event: StoredEvent = {
      ...header,
      payload: isErased ? null : sealed.text,
      salt: isErased ? null : sealed.salt,
      payloadHash: sealed.hash,
      previousHash: previous.hash,
      hash,
    }
    previous = { seq: header.seq, hash }
    return event
  })
}

const fileOf = (events: readonly StoredEvent[]) =>
  Buffer.from(events.map((event) => `${eventLine(event)}\n`).join(''))

const drafts: Draft[] = [
  {
    payload: { justification: '「緊急」\u2028 tab\t/ é \u001f "\\', minutes: 60, b: null, a: true },
  },
  {
    payload: {
      numbers: [0, -1, 0.1, 1e21, 1.5e-7, 123456789012345680000, -0.000001, 5e-324, 1e100],
    },
  },
  { payload: { '10': 1, '9': 2, 𠮷: 1, ﬀ: 2, a: { z: [], y: {} } }, isErased: true },
  { action: 'audit.erase', about: '3', payload: { why: 'asked' } },
  { payload: { comment: '' } },
]
const whole = chain(drafts)
const file = fileOf(whole)

async function verdict(bytes: Buffer, options: WalkOptions = {}) {
  const { ok, firstBroken } = await verifyExport(pieces(bytes), options)
  return ok ? 'intact' : firstBroken
}

/** A file comes in pieces that end anywhere. */
async function* pieces(bytes: Buffer, size = 97) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

const driver = `
import importlib.util, io, json, sys
spec = importlib.util.spec_from_file_location("verify_trail", ${JSON.stringify(script)})
trail = importlib.util.module_from_spec(spec)
spec.loader.exec_module(trail)
files = [bytes.fromhex(one) for one in json.load(sys.stdin)]
print(json.dumps([trail.verify(io.BytesIO(one))[2] or "intact" for one in files]))
`

/** The same script, all copies in one process. */
function pythonVerdicts(copies: readonly Buffer[]): (number | string)[] {
  const input = JSON.stringify(copies.map((copy) => copy.toString('hex')))
  const answer = execFileSync('python3', ['-c', driver], { input, encoding: 'utf8' })
  return JSON.parse(answer)
}

interface Change {
  readonly line: number
  readonly copy: Buffer
}

/** Every `step`th byte, changed in one of several ways. */
function oneByteChanges(step: number): Change[] {
  const changes: Change[] = []
  let line = 1
  for (let place = 0; place < file.length; place += 1) {
    const byte = file.readUInt8(place)
    if (place % step === 0 || byte === 0x0a) {
      const masks = [0x01, 0x20, 0x80, byte ^ 0x0a, byte ^ 0x20, byte ^ 0x30]
      const mask = masks[((place / step) % masks.length) | 0] || 0x04
      const copy = Buffer.from(file)
      copy.writeUInt8(byte ^ mask, place)
      changes.push({ line, copy })
    }
    if (byte === 0x0a) line += 1
  }
  return changes
}

describe('an export as it was written', () => {
  test('is intact to both, and both tell the same head', async () => {
    expect(await verdict(file)).toBe('intact')
    const folder = mkdtempSync(join(tmpdir(), 'trail-'))
    const path = join(folder, 'export.jsonl')
    writeFileSync(path, file)
    const told = execFileSync('python3', [script, path], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    const head = whole.at(-1)?.hash.toString('hex')
    expect(told).toBe(`Intact: ${drafts.length} events, head ${head}\n`)
  })

  test('of an empty trail is intact', async () => {
    expect([await verdict(Buffer.alloc(0)), ...pythonVerdicts([Buffer.alloc(0)])]).toEqual([
      'intact',
      'intact',
    ])
  })
})

describe('one byte changed', () => {
  test('anywhere is found, and where it is, by TEAM', async () => {
    for (const { line, copy } of oneByteChanges(1)) expect(await verdict(copy)).toBe(line)
  })

  test('is found at the same places by the script', () => {
    const changes = oneByteChanges(3)
    expect(pythonVerdicts(changes.map(({ copy }) => copy))).toEqual(changes.map(({ line }) => line))
  })
})

describe('other alterations', () => {
  const [first, second, third, fourth, fifth] = whole as [
    StoredEvent,
    StoredEvent,
    StoredEvent,
    StoredEvent,
    StoredEvent,
  ]
  const text = file.toString()
  const alterations: [string, Buffer, number | 'intact'][] = [
    ['a blank that means nothing to a parser', Buffer.from(text.replace('"seq":2', '"seq": 2')), 2],
    ['an escape that means the same', Buffer.from(text.replace('\\u001f', '\\u001F')), 1],
    ['a member twice', Buffer.from(text.replace('"seq":5', '"seq":4,"seq":5')), 5],
    ['a byte order mark', Buffer.concat([Buffer.from('\uFEFF'), file]), 1],
    ['an empty line', Buffer.from(text.replace('\n{"seq":4', '\n\n{"seq":4')), 4],
    ['lines that end as on Windows', Buffer.from(text.replaceAll('\n', '\r\n')), 1],
    ['the last line feed gone', file.subarray(0, -1), 5],
    ['an event taken out', fileOf([first, second, fourth, fifth]), 3],
    ['two events in each other’s place', fileOf([first, third, second, fourth, fifth]), 2],
    ['the beginning taken off', fileOf([second, third, fourth, fifth]), 1],
    ['an erasure that no event names', fileOf(whole.slice(0, 3)), 3],
    ['an erasure with the salt left', fileOf([{ ...first, payload: null }]), 1],
    ['another beginning', fileOf([{ ...first, seq: 7 }]), 1],
    ['no JSON at all', Buffer.from('team\n'), 1],
    ['a payload of brackets without end', Buffer.from(`${'['.repeat(200_000)}\n`), 1],
    ['a number beyond every number', Buffer.from(text.replace('1e+100', '1e+999')), 2],
  ]
  test.each(alterations)('%s', async (_, copy, expected) => {
    expect(await verdict(copy)).toBe(expected)
  })
  test('are all seen by the script, too', () => {
    const verdicts = pythonVerdicts(alterations.map(([, copy]) => copy))
    expect(verdicts).toEqual(alterations.map(([, , expected]) => expected))
  })
})

describe('a trail whose beginning retention has cut', () => {
  const cut = { seq: 2, hash: whole[1]?.hash ?? genesisHash }
  const named = (payload: object) =>
    chain([...drafts.slice(2), { action: 'audit.cut', about: '2', payload, at: cutAt }], cut)
  const lawful = named({ hash: cut.hash.toString('hex'), events: 2 })
  const cases: [string, StoredEvent[], number | 'intact'][] = [
    ['is intact when an event says where it was cut', lawful, 'intact'],
    ['is not without that event', lawful.slice(0, -1), 1],
    ['is not when that event names another hash', named({ hash: '00'.repeat(32) }), 1],
    ['is not when more was cut than that', lawful.slice(1), 1],
    ['tells a break behind the cut', [...lawful.slice(0, 2), ...lawful.slice(3)], 5],
  ]
  test.each(cases)('%s', async (_, events, expected) => {
    expect(await verdict(fileOf(events))).toBe(expected)
  })
  test('is judged so by the script, too', () => {
    const verdicts = pythonVerdicts(cases.map(([, events]) => fileOf(events)))
    expect(verdicts).toEqual(cases.map(([, , expected]) => expected))
  })

  const at = (text: string) => new Date(text)
  const anchors: [string, Anchor, number | 'intact'][] = [
    [
      'agrees with an old anchor of what was cut',
      { seq: 1, hash: 'ab'.repeat(32), at: at('2026-12-31T00:00:00Z') },
      'intact',
    ],
    [
      'does not agree with an anchor that shows that younger events were cut',
      { seq: 1, hash: 'ab'.repeat(32), at: at('2027-01-02T00:00:00Z') },
      1,
    ],
    [
      'agrees with the anchor of the last event cut',
      { seq: 2, hash: cut.hash.toString('hex'), at: at('2033-01-01T00:00:00Z') },
      'intact',
    ],
    ['does not agree with another hash of it', { seq: 2, hash: 'ab'.repeat(32) }, 1],
  ]
  test.each(anchors)('%s', async (_, anchor, expected) => {
    expect(await verdict(fileOf(lawful), { anchors: [anchor] })).toBe(expected)
  })
})

describe('a filtered export', () => {
  const part = [whole[0], whole[2], whole[4]].filter((one) => one !== undefined)

  test('is in order as a part, and not as a whole', async () => {
    expect(await verdict(fileOf(part), { isPart: true })).toBe('intact')
    expect(await verdict(fileOf(part))).toBe(2)
  })

  test('shows what was altered in it', async () => {
    const [first, third, fifth] = part as [StoredEvent, StoredEvent, StoredEvent]
    const altered = [first, { ...third, result: 'undone' }, fifth]
    expect(await verdict(fileOf(altered), { isPart: true })).toBe(3)
    expect(await verdict(fileOf([third, first]), { isPart: true })).toBe(4)
  })
})

describe('anchors of a log', () => {
  const head = (seq: number, at = '2026-11-24T00:10:00.000Z') => ({
    seq,
    hash: whole[seq - 1]?.hash.toString('hex') ?? 'ab'.repeat(32),
    at,
  })
  const line = (auditHead: object) => JSON.stringify({ level: 'info', auditHead, msg: 'Head' })

  async function* lines(...all: string[]) {
    yield* all
  }

  test('are found in lines as TEAM wrote them, and as collectors keep them', async () => {
    const wrapped = JSON.stringify({ timestamp: 1, message: line(head(4)) })
    const found = await readAnchors(
      lines('{"level":"info"}', line(head(2)), `2026-11-24T00:10Z ${line(head(3))}`, wrapped),
    )
    expect(found.map(({ seq }) => seq)).toEqual([2, 3, 4])
    expect(await verdict(file, { anchors: found })).toBe('intact')
  })

  test('show that the end is missing, and that the trail was written anew', async () => {
    const anchors = await readAnchors(lines(line(head(2)), line(head(5))))
    expect(await verdict(fileOf(whole.slice(0, 4)), { anchors })).toBe(5)
    expect(await verdict(fileOf(chain(drafts)), { anchors })).toBe(2)
  })

  test('that are damaged are not passed over', async () => {
    await expect(readAnchors(lines(line({ seq: 2, hash: 'no' })))).rejects.toThrow('Line 1')
  })
})

describe('the command', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trail-'))
    writeFileSync(join(folder, 'whole.jsonl'), file)
    writeFileSync(join(folder, 'short.jsonl'), fileOf(whole.slice(0, 4)))
    const auditHead = {
      seq: 5,
      hash: whole[4]?.hash.toString('hex'),
      at: '2026-11-24T00:10:00.000Z',
    }
    writeFileSync(join(folder, 'server.log'), `${JSON.stringify({ auditHead })}\n`)
    writeFileSync(join(folder, 'other.log'), 'nothing of ours\n')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const team = (...args: string[]) => runInFolder(folder, ['audit', ...args])

  test('answers 0 for what is in order, 1 for what is not, 2 for what it cannot do', async () => {
    expect(await team('verify', 'whole.jsonl', '--anchors', 'server.log')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^Intact: 5 events, head [0-9a-f]{64}$/),
    })
    const short = ['verify', 'short.jsonl', '--anchors', 'server.log']
    const { code, text } = await team(...short, '--json')
    expect([code, JSON.parse(text)]).toMatchObject([1, { ok: false, firstBroken: 5 }])
    expect((await team(...short, '--exported-at', '2026-11-24T00:09:00Z')).code).toBe(0)
  })

  const misuses: [string, string[], RegExp][] = [
    [
      'a log without anchors',
      ['verify', 'whole.jsonl', '--anchors', 'other.log'],
      /holds no anchor/,
    ],
    ['a file that is not there', ['verify', 'nowhere.jsonl'], /ENOENT/],
    ['no file', ['verify'], /missing required argument 'file'/],
    ['an option that it does not know', ['verify', 'whole.jsonl', '--fast'], /--fast/],
    ['a time that is none', ['verify', 'whole.jsonl', '--exported-at', 'noon'], /noon/],
  ]
  test.each(misuses)('refuses %s', async (_, args, said) => {
    expect(await team(...args)).toMatchObject({ code: 2, text: expect.stringMatching(said) })
  })

  test('is reached by npm run team', () => {
    const path = join(folder, 'whole.jsonl')
    const args = ['server/team.ts', 'audit', 'verify', path]
    const said = execFileSync(process.execPath, args, { encoding: 'utf8', cwd: root })
    expect(said).toMatch(/^Intact: 5 events/)
  })
})
