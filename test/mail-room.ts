/** An organisation with one pending request, and a post office in place of SES. */
import type { RequestId } from '#core/ids.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import { createSendEmail } from '#server/notify/email/send-email.ts'
import type { MailMessage, MailOutcome, SendMail } from '#server/notify/mail-port.ts'
import { drainJobs, type NotifyWorkerPorts } from '#server/notify/worker.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import { change } from '#server/store/change.ts'
import { createWorld } from './factory.ts'

export type PostAnswer = MailOutcome | Error | 'silence'

/** Answers as it is told, else takes everything. */
export function createPostOffice() {
  const answers: PostAnswer[] = []
  const taken: MailMessage[] = []
  const waiting: { count: number; done: () => void }[] = []
  let number = 0
  return {
    taken,
    answer: (...next: readonly PostAnswer[]) => void answers.push(...next),
    /** Resolves once so many mails were handed in. */
    handedIn: (count: number) =>
      new Promise<void>((done) => {
        if (taken.length >= count) done()
        else waiting.push({ count, done })
      }),
    async send(message: MailMessage): Promise<MailOutcome> {
      taken.push(message)
      for (const one of waiting) if (taken.length >= one.count) one.done()
      const answer = answers.shift()
      if (answer === 'silence') return new Promise(() => undefined)
      if (answer instanceof Error) throw answer
      number += 1
      return answer ?? { kind: 'sent', messageId: `ses-${number}` }
    },
  }
}

export const byMail = (sendMail: SendMail, emailSource: string | null = 'team@example.net') => {
  return { email: createSendEmail({ sendMail, emailSource }) }
}

interface NoticeRow {
  readonly receiver_id: string
  readonly state: string
  readonly attempts: number
  readonly unanswered: number
  readonly last_error: string | null
  readonly provider_id: string | null
  readonly sent_at: Date | null
}

export type MailRoom = Awaited<ReturnType<typeof createMailRoom>>

export async function createMailRoom() {
  const world = await createWorld()
  await world.eligibility()
  await world.approval()
  const { owner } = world.database
  const room = {
    world,
    owner,
    /** Of alice, pending. */
    request: '' as RequestId,
    post: createPostOffice(),
    ports: {} as NotifyWorkerPorts,
    /** As before the first test, with a request and a post office of its own. */
    async tidy(): Promise<void> {
      await owner.query(
        'delete from graphile_worker._private_jobs; delete from notice; delete from preference',
      )
      await owner.query(`update request set status = 'expired' where status = 'pending'`)
      await owner.query('update directory_user set enabled = true')
      await world.settings({ emailEnabled: true, emailSource: null })
      room.request = await world.submit('alice')
      room.post = createPostOffice()
      room.ports = {
        db: world.db,
        owner,
        clock: world.clock,
        senders: byMail(room.post.send),
        approversOf: createApproversOf(world.rules),
        publicUrl: 'https://team.example.com',
        portalUrl: null,
        answerWaitMs: 25,
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      }
    },
    async announce(event: NoticeEvent, to: 'all' | 'alice' = 'all'): Promise<void> {
      const approversOf = to === 'all' ? room.ports.approversOf : async () => []
      const announced = createAnnounce({ approversOf })
      await change(world.db, world.clock.now(), (c) => announced(c, event, room.request))
    },
    async becomes(status: string, set = ''): Promise<void> {
      await owner.query(`update request set status = $1 ${set} where request_id = $2`, [
        status,
        room.request,
      ])
    },
    async notices(): Promise<NoticeRow[]> {
      const { rows } = await owner.query<NoticeRow>(
        `select receiver_id, state, attempts, unanswered, last_error, provider_id, sent_at
         from notice order by created_at, address`,
      )
      return rows
    },
    async jobs(): Promise<number> {
      const { rows } = await owner.query('select count(*)::int as n from graphile_worker.jobs')
      return rows[0].n
    },
    drain: () => drainJobs(room.ports, world.clock.now()),
    close: () => world.close(),
  }
  return room
}
