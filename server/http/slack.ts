/**
 * Where Slack tells of clicks. Slack wants an answer within three seconds, so the click is only
 * verified and queued here; what it does is decided by its job. A signature is good once.
 */
import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { clickIn, slackClickTask } from '#server/notify/slack/click.ts'
import { isFromSlack } from '#server/notify/slack/signature.ts'
import { Refused } from '#server/operations/refused.ts'
import { change } from '#server/store/change.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import type { Vault } from '#server/store/vault.ts'
import type { App } from './app.ts'
import type { Clock } from './ports.ts'

export interface SlackRoutePorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly vault: Pick<Vault, 'read'>
}

const clickAttemptsMax = 3

export function registerSlack(app: App, ports: SlackRoutePorts): void {
  app.register(async (scope) => {
    // The signature is over the bytes, so nothing may parse them first.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer' },
      (_request, body, done) => done(null, body),
    )
    scope.post(
      '/slack/interactivity',
      { config: { permission: 'public' }, schema: { hide: true } },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const { headers } = request
        await receive(ports, {
          body,
          timestamp: textOf(headers['x-slack-request-timestamp']),
          signature: textOf(headers['x-slack-signature']),
        })
        return reply.code(200).send()
      },
    )
  })
}

const textOf = (header: string | string[] | undefined) =>
  typeof header === 'string' ? header : undefined

/** The same words whatever is wrong: who forges learns nothing. */
const unknown = () => new Refused('unauthenticated', { detail: 'Slack did not sign this.' })

async function receive(
  { db, clock, vault }: SlackRoutePorts,
  request: Parameters<typeof isFromSlack>[0],
): Promise<void> {
  const now = await clock.now()
  const { settings } = await loadSettings(db)
  const secret = settings.slackEnabled ? await vault.read('slackSigningSecret') : null
  if (secret === null || !isFromSlack(request, secret, now)) throw unknown()
  const click = clickIn(request.body, now)
  await change(db, now, async ({ tx }) => {
    const digest = createHash('sha256')
      .update(`${request.timestamp}:`)
      .update(request.body)
      .digest()
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('slack_interaction_once')
      .values({ digest, received_at: now })
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 0n) throw unknown()
    if (click === null) return
    await sql`select enqueue_job(${slackClickTask}, ${JSON.stringify(click)}::json,
      ${`slack ${digest.toString('hex')}`}, ${clickAttemptsMax})`.execute(tx)
  })
}
