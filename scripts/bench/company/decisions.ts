/** Asking and deciding: what is written, with everybody reading beside it. */
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { type Print, pause, round, spread } from '../figures.ts'
import type { Company } from './company.ts'
import { eligibleTargets } from './endpoints.ts'

const rounds = 4

export async function decisions({ installation, people }: Company, print: Print): Promise<object> {
  const submitMs: number[] = []
  const approveMs: number[] = []
  const cancelMs: number[] = []
  const [approver] = people.approvers
  if (approver === undefined) throw new Error('Nobody decides')
  installation.server.resetProbe()
  let refused = 0
  for (const [place, person] of people.requesters.entries()) {
    const targets = (await eligibleTargets(person)).slice(0, rounds)
    for (const [turn, target] of targets.entries()) {
      const asked = await timed(submitMs, () =>
        person.post<{ requests: Request[] }>('/requests', {
          targets: [target],
          durationMinutes: 30,
          justification: 'Measuring what a decision costs',
          ticket: 'OPS-1',
        }),
      )
      const [request] = asked.status === 201 ? asked.body.requests : []
      if (request?.status !== 'pending') {
        refused += 1
        continue
      }
      await decide({ person, approver, request, turn: place + turn }, { approveMs, cancelMs })
    }
    await pause(50)
  }
  const report = await installation.server.report()
  const line = {
    submit: spread(submitMs),
    approve: spread(approveMs),
    cancel: spread(cancelMs),
    withoutDecision: refused,
    rssMb: report.rssMb,
    queriesEach: round((report.queries['team app'] ?? 0) / Math.max(1, submitMs.length)),
  }
  print({ decisions: 'one after another', ...line })
  return line
}

async function decide(
  asked: { person: Person; approver: Person; request: Request; turn: number },
  { approveMs, cancelMs }: { approveMs: number[]; cancelMs: number[] },
): Promise<void> {
  const { person, approver, request, turn } = asked
  const path = `/requests/${request.id}`
  if (turn % 2 === 0) await timed(cancelMs, () => person.post(`${path}/cancel`))
  else await timed(approveMs, () => approver.post(`${path}/approve`))
}

async function timed<Answer>(into: number[], work: () => Promise<Answer>): Promise<Answer> {
  const startedMs = performance.now()
  const answer = await work()
  into.push(performance.now() - startedMs)
  return answer
}
