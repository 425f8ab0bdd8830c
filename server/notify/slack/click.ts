/** A click on Approve or Reject as Slack describes it, and as it waits in the job queue. */
import { z } from 'zod'
import { commentBlock, commentInput, decideActions } from './blocks.ts'

export const slackClickTask = 'slack-click'

const payloadSchema = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().min(1).max(64) }),
  team: z.object({ id: z.string().min(1).max(64) }),
  container: z.object({
    channel_id: z.string().min(1).max(64),
    message_ts: z.string().min(1).max(64),
  }),
  actions: z
    .array(z.object({ action_id: z.enum(decideActions), value: z.uuid() }))
    .min(1)
    .max(1),
  state: z
    .object({
      values: z.record(
        z.string(),
        z.record(z.string(), z.looseObject({ value: z.string().max(4_000).nullish() })),
      ),
    })
    .optional(),
})

export const clickSchema = z.object({
  user: z.string(),
  workspace: z.string(),
  channel: z.string(),
  ts: z.string(),
  action: z.enum(decideActions),
  requestId: z.uuid(),
  comment: z.string().nullable(),
  at: z.coerce.date(),
})
export type Click = z.output<typeof clickSchema>

/** Null: something else than a click on one of our two buttons, such as one on a link. */
export function clickIn(body: Buffer, at: Date): Click | null {
  const text = new URLSearchParams(body.toString('utf8')).get('payload')
  const parsed = payloadSchema.safeParse(parseJson(text ?? ''))
  const action = parsed.data?.actions[0]
  if (!parsed.success || action === undefined) return null
  const { user, team, container, state } = parsed.data
  const comment = state?.values[commentBlock]?.[commentInput]?.value?.trim() ?? ''
  return {
    user: user.id,
    workspace: team.id,
    channel: container.channel_id,
    ts: container.message_ts,
    action: action.action_id,
    requestId: action.value,
    comment: comment === '' ? null : comment,
    at,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
