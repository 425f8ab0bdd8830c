/**
 * What the simulation saw, in AWS's time (which never jumps): every state that a request was shown
 * in, when the clock of TEAM jumped, and when things were out of order, so that the judge may know
 * what excuses what.
 */
export interface Shown {
  readonly atMs: number
  readonly status: string
  readonly version: number
}

export interface GrantSeen {
  readonly requestId: string
  readonly key: string
  readonly immediate: boolean
  readonly endsAt: Date | null
  readonly excessSeconds: number | null
  readonly coveredBy: string | null
}

export interface Trouble {
  readonly what: 'down' | 'faults' | 'lost call' | 'clock back' | 'restart' | 'suspended'
  readonly fromMs: number
  toMs: number | null
  /** Null: of every key. */
  readonly key: string | null
  /** Milliseconds beyond its own time for which it may delay a removal. */
  readonly afterMs: number
}

export interface Line {
  readonly atMs: number
  readonly text: string
}

export class History {
  readonly lines: Line[] = []
  readonly shown = new Map<string, Shown[]>()
  readonly grants = new Map<string, GrantSeen>()
  readonly troubles: Trouble[] = []
  /** TEAM's clock less AWS's, from then on. */
  readonly offsets: { fromMs: number; offsetMs: number }[] = []
  readonly votes: {
    atMs: number
    verb: string
    requestId: string
    voterId: string
    result: string
  }[] = []
  /** As the one approver policy of the seed says. */
  approvalsRequired = 1
  readonly requesters = new Map<string, string>()
  readonly keys = new Map<string, string>()
  /** When AWS began and ceased to have somebody as enabled (no group), or in a group. */
  readonly standings: { atMs: number; userId: string; groupId: string | null; isIn: boolean }[] = []
  readonly handsOff: { atMs: number; key: string }[] = []
  /** A grant may end for it: policies, settings, accounts. */
  organisationChanged = false
  readonly nowMs: () => number

  constructor(nowMs: () => number) {
    this.nowMs = nowMs
  }

  say(text: string): void {
    this.lines.push({ atMs: this.nowMs(), text })
  }

  begin(trouble: Pick<Trouble, 'what' | 'afterMs'> & { key?: string }): Trouble {
    const begun: Trouble = { key: null, ...trouble, fromMs: this.nowMs(), toMs: null }
    this.troubles.push(begun)
    return begun
  }

  noteStanding(userId: string, groupId: string | null, isIn: boolean): void {
    this.standings.push({ atMs: this.nowMs(), userId, groupId, isIn })
  }

  beginSuspension(accountId: string): void {
    this.begin({ what: 'suspended', key: accountId, afterMs: 16 * 60_000 })
  }

  endSuspension(accountId: string): void {
    const open = this.troubles.find(
      ({ what, key, toMs }) => what === 'suspended' && key === accountId && toMs === null,
    )
    if (open) this.end(open)
  }

  end(trouble: Trouble): void {
    trouble.toMs ??= this.nowMs()
  }

  sawRequest(id: string, status: string, version: number): void {
    const seen = this.shown.get(id) ?? []
    const last = seen.at(-1)
    if (last?.status === status && last.version === version) return
    if (last?.status !== status) this.say(`request ${id.slice(0, 8)} is ${status}`)
    seen.push({ atMs: this.nowMs(), status, version })
    this.shown.set(id, seen)
  }

  /** A request that waits although somebody said yes, and who did. */
  halfApproved(): { requestId: string; voterId: string } | undefined {
    return this.votes.find(
      ({ verb, result, requestId }) =>
        verb === 'approve' &&
        result === 'done' &&
        this.shown.get(requestId)?.at(-1)?.status === 'pending',
    )
  }

  /** As TEAM shows it now. */
  holds(userId: string): boolean {
    return [...this.requesters].some(
      ([requestId, requesterId]) =>
        requesterId === userId && this.shown.get(requestId)?.at(-1)?.status === 'active',
    )
  }

  get clockWentBack(): boolean {
    return this.troubles.some(({ what }) => what === 'clock back')
  }

  offsetAt(ms: number): number {
    let offset = 0
    for (const one of this.offsets) if (one.fromMs <= ms) offset = one.offsetMs
    return offset
  }

  /** The first moment from `fromMs` on at which TEAM's clock shows that time or later. */
  firstWhen(teamTime: Date, fromMs: number): number {
    const pieces = this.offsets.filter(
      (_, at) => (this.offsets[at + 1]?.fromMs ?? Infinity) > fromMs,
    )
    for (const [at, { fromMs: pieceFrom, offsetMs }] of pieces.entries()) {
      const when = Math.max(fromMs, pieceFrom, teamTime.getTime() - offsetMs)
      if (when < (pieces[at + 1]?.fromMs ?? Infinity)) return when
    }
    return Infinity
  }
}
