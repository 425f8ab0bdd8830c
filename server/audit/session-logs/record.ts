/** A record of CloudTrail, parsed: what is shown of it, and what decides whose it is. */
import { z } from 'zod'
import type { LoggedEvent } from '#core/session-log.ts'

const text = z.string().nullish().catch(null)

const CloudTrailRecord = z.object({
  eventID: text,
  eventTime: z.iso.datetime({ offset: true }),
  eventSource: z.string(),
  eventName: z.string(),
  awsRegion: text,
  sourceIPAddress: text,
  errorCode: text,
  errorMessage: text,
  // A boolean in a trail; some copies of records say it as text.
  readOnly: z.union([z.boolean(), z.stringbool()]).nullish().catch(null),
  recipientAccountId: text,
  resources: z
    .array(z.object({ ARN: text, arn: text }))
    .nullish()
    .catch(null),
  requestParameters: z.record(z.string(), z.unknown()).nullish().catch(null),
  userIdentity: z
    .object({
      type: text,
      principalId: text,
      onBehalfOf: z.object({ userId: text }).nullish().catch(null),
      sessionContext: z
        .object({ sessionIssuer: z.object({ userName: text }).nullish().catch(null) })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
})

/** Null: it is no record of CloudTrail. */
export function parseRecord(json: string): LoggedEvent | null {
  const parsed = CloudTrailRecord.safeParse(jsonOf(json))
  if (!parsed.success) return null
  const record = parsed.data
  const identity = record.userIdentity
  return {
    eventId: record.eventID ?? null,
    at: new Date(record.eventTime),
    service: record.eventSource,
    action: record.eventName,
    region: record.awsRegion ?? null,
    resources: resourcesOf(record),
    sourceAddress: record.sourceIPAddress ?? null,
    errorCode: record.errorCode ?? null,
    errorMessage: record.errorMessage ?? null,
    readOnly: record.readOnly ?? null,
    identityType: identity?.type ?? null,
    principalId: identity?.principalId ?? null,
    onBehalfOf: identity?.onBehalfOf?.userId || null,
    roleName: identity?.sessionContext?.sessionIssuer?.userName ?? null,
    accountId: record.recipientAccountId ?? null,
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const resourcesMax = 10

/** Few services fill `resources`; else what the request names by an id, a name or an ARN. */
function resourcesOf(record: z.output<typeof CloudTrailRecord>): string[] {
  const named = (record.resources ?? []).flatMap((one) => one.ARN ?? one.arn ?? [])
  if (named.length > 0) return named.slice(0, resourcesMax)
  return namesIn(record.requestParameters ?? {}, 0).slice(0, resourcesMax)
}

const depthMax = 4

function namesIn(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > depthMax) return []
  return Object.entries(value).flatMap(([name, member]) =>
    typeof member === 'string' && /(name|id|arn|identifier|key)$/i.test(name)
      ? [member]
      : namesIn(member, depth + 1),
  )
}
