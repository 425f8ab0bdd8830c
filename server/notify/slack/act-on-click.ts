/**
 * Carries out a click in Slack. That Slack sent it says nothing of who may decide: the member is
 * matched to one enabled person of the directory by verified e-mail, AWS is asked about that person,
 * and then it is the very operation of the API that decides, as that person. Whatever comes of it is
 * said in place: the message shows the outcome, a refusal is seen by the one who clicked.
 */
import { type Kysely, sql } from 'kysely'
import { z } from 'zod'
import type { RequestId, UserId } from '#core/ids.ts'
import type { ApproversOf } from '#server/notify/audience.ts'
import { compose } from '#server/notify/email/compose.ts'
import { loadView } from '#server/notify/load-view.ts'
import { placeOf } from '#server/notify/preferences.ts'
import type { Actor } from '#server/operations/actor.ts'
import { approveRequest } from '#server/operations/approve-request.ts'
import type { Confirmation } from '#server/operations/confirm-person.ts'
import type { DecidePorts } from '#server/operations/decide-on-request.ts'
import { Refused } from '#server/operations/refused.ts'
import { rejectRequest } from '#server/operations/reject-request.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import { secretMarks } from '#server/store/vault.ts'
import type { SlackApi } from './api.ts'
import { slackMessage } from './blocks.ts'
import type { Click } from './click.ts'
import { slackWords } from './words.ts'

export interface ClickPorts extends DecidePorts {
  readonly api: SlackApi
  readonly loadActor: (userId: UserId) => Promise<Actor | null>
  readonly confirmPerson: (userId: UserId) => Promise<Confirmation>
  readonly approversOf: ApproversOf
  readonly publicUrl: string
}

/** Beyond this a person has looked elsewhere, and a decision would surprise them. */
const goodForMs = 10 * 60_000

class ClickRefused extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

export async function actOnClick(ports: ClickPorts, click: Click): Promise<void> {
  const known: { userId: UserId | null } = { userId: null }
  try {
    if (!(await loadSettings(ports.db)).settings.slackEnabled) return
    await decide(ports, click, known)
  } catch (error) {
    const code = codeOf(error)
    if (code === null) throw error
    // The process died after the decision and before this was said: it is theirs.
    if (!(await hasDecided(ports, click, known.userId))) {
      return refuseInPlace(ports, click, known.userId, code)
    }
  }
  if (known.userId !== null) await showOutcome(ports, click, known.userId)
}

function codeOf(error: unknown): string | null {
  return error instanceof ClickRefused || error instanceof Refused ? error.code : null
}

async function decide(
  ports: ClickPorts,
  click: Click,
  known: { userId: UserId | null },
): Promise<void> {
  const now = await ports.clock.now()
  if (now.getTime() - click.at.getTime() > goodForMs) throw new ClickRefused('slack_late')
  const userId = await personOf(ports, click)
  known.userId = userId
  const confirmation = await ports.confirmPerson(userId)
  if (confirmation === 'gone') throw new ClickRefused('person_disabled')
  if (confirmation === 'unavailable') throw new ClickRefused('unconfirmed_with_aws')
  const actor = await ports.loadActor(userId)
  if (actor === null || !actor.person.enabled) throw new ClickRefused('person_disabled')
  await refuseSettersOfSecrets(ports.db, click)
  const carryOut = click.action === 'approve' ? approveRequest : rejectRequest
  const { comment, user } = click
  const requestId = click.requestId as RequestId
  await carryOut(ports, { actor, requestId, comment, via: { channel: 'slack', user } })
}

/** They could have signed it themselves: on what they ask for, nobody decides by a click. */
async function refuseSettersOfSecrets(db: Kysely<Schema>, { requestId }: Click): Promise<void> {
  const request = await loadRequest(db, requestId as RequestId)
  const { slackToken, slackSigningSecret } = await secretMarks(db)
  const setters = [slackToken?.setBy, slackSigningSecret?.setBy]
  if (request !== null && setters.includes(request.requester.userId)) {
    throw new ClickRefused('slack_own_secret')
  }
}

const member = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_email_confirmed: z.boolean().optional(),
    profile: z.object({ email: z.string().optional() }),
  }),
})
const installed = z.object({ team_id: z.string() })

/** What the payload says of the member is not believed beyond the id: Slack is asked. */
async function personOf({ api, db }: ClickPorts, click: Click): Promise<UserId> {
  const auth = await api.call('auth.test', {})
  const asked = await api.call('users.info', { user: click.user })
  if (!auth.ok || !asked.ok) throw new Error(`Slack could not be asked who clicked`)
  const { team_id: workspace } = installed.parse(auth.body)
  const { user } = member.parse(asked.body)
  const isOurs = user.id === click.user && user.team_id === workspace
  if (!isOurs || click.workspace !== workspace) throw new ClickRefused('slack_foreign')
  const { email } = user.profile
  if (user.deleted || user.is_bot || user.is_email_confirmed !== true || !email) {
    throw new ClickRefused('slack_unknown')
  }
  return onePersonWith(db, email)
}

/** A disabled namesake counts too: which of them is meant cannot be told by an address. */
async function onePersonWith(db: Kysely<Schema>, email: string): Promise<UserId> {
  const rows = await db
    .selectFrom('directory_user')
    .select('user_id')
    .where(sql`lower(email)`, '=', email.toLowerCase())
    .where('gone_at', 'is', null)
    .limit(2)
    .execute()
  const [first, second] = rows
  if (first === undefined) throw new ClickRefused('slack_unknown')
  if (second !== undefined) throw new ClickRefused('slack_ambiguous')
  return first.user_id as UserId
}

async function hasDecided(
  { db }: ClickPorts,
  { requestId, action }: Click,
  userId: UserId | null,
): Promise<boolean> {
  const request = await loadRequest(db, requestId as RequestId)
  const vote = action === 'approve' ? 'approved' : 'rejected'
  return request?.decisions.some((one) => one.userId === userId && one.decision === vote) ?? false
}

async function refuseInPlace(
  { api, db }: ClickPorts,
  { channel, user }: Click,
  userId: UserId | null,
  code: string,
): Promise<void> {
  const words = slackWords[userId === null ? 'en' : (await placeOf(db, userId)).locale]
  const why = words.refused[code] ?? words.refusedOtherwise
  const text = `${why} ${words.nothingRecorded}`
  await api.call('chat.postEphemeral', { channel, user, text })
}

async function showOutcome(ports: ClickPorts, click: Click, userId: UserId): Promise<void> {
  const { api, db, publicUrl } = ports
  const request = await loadRequest(db, click.requestId as RequestId)
  if (request === null) return
  const approvers = await ports.approversOf(db, request)
  const now = await ports.clock.now()
  const event = request.status === 'rejected' ? 'rejected' : eventOf(request.status)
  const view = { event, standing: 'approver', receiverId: userId, request, approvers, now } as const
  const letter = compose(await loadView(db, { ...view, publicUrl, portalUrl: null }))
  const words = slackWords[letter.locale]
  const outcome = click.action === 'approve' ? words.approvedByYou : words.rejectedByYou
  const { text, blocks } = slackMessage(letter, { noticeId: request.id, decideOn: null, outcome })
  await api.call('chat.update', { channel: click.channel, ts: click.ts, text, blocks })
}

const eventOf = (status: string) => (status === 'pending' ? 'requested' : 'approved')
