import * as z from 'zod'
import type { Doing } from '../trail/record.ts'
import { trailEvent, trailPlaces } from '../trail/trail.ts'
import type { ControlRoutes } from './control.ts'
import { knownAccount, knownSet } from './known.ts'

const body = z.strictObject({
  /** Of anybody: the trail knows people that the directory does not. */
  userName: z.string().min(1),
  userId: z.string().optional(),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  accountName: z.string().optional(),
  permissionSetName: z.string().optional(),
  /** In place of the role that the set has in the account. */
  roleName: z.string().optional(),
  eventSource: z.string().default('s3.amazonaws.com'),
  eventName: z.string().default('ListBuckets'),
  readOnly: z.boolean().default(true),
  errorCode: z.string().optional(),
  region: z.string().default('us-east-1'),
  at: z.iso.datetime().optional(),
  onBehalfOf: z.boolean().optional(),
  requestParameters: z.record(z.string(), z.unknown()).optional(),
})

export const trailRoutes: ControlRoutes = {
  'GET /_sandbox/trail': (world) => ({
    status: 200,
    body: {
      ...trailPlaces(world.state.organisation),
      events: world.state.trailEvents.map(({ at, availableAt, json }) => ({
        at: new Date(at).toISOString(),
        availableAt: new Date(availableAt).toISOString(),
        event: JSON.parse(json) as unknown,
      })),
    },
  }),

  'POST /_sandbox/trail'(world, given) {
    const { errorCode, at, ...input } = body.parse(given)
    const account = knownAccount(world, input, 'accountName')
    const roleName = input.roleName ?? roleOf(world, account.accountId, input.permissionSetName)
    const doing: Doing = {
      eventSource: input.eventSource,
      eventName: input.eventName,
      readOnly: input.readOnly,
      region: input.region,
      requestParameters: input.requestParameters ?? null,
      responseElements: null,
      error:
        errorCode === undefined ? null : { code: errorCode, message: `${errorCode} by script` },
      sourceAddress: '198.51.100.7',
    }
    const when = at === undefined ? world.now() : Date.parse(at)
    const actor = {
      userId: input.userId ?? world.state.userByName(input.userName)?.userId ?? 'unknown',
      userName: input.userName,
      accountId: account.accountId,
      roleName,
      openedAt: when,
      saysOnBehalfOf: input.onBehalfOf ?? world.settings.trailOnBehalfOf,
    }
    const value = trailEvent(world, actor, doing, when)
    world.commit({ type: 'trail-event', value })
    return { status: 201, body: JSON.parse(value.json) as unknown }
  },
}

function roleOf(
  world: Parameters<typeof knownAccount>[0],
  accountId: string,
  name: string | undefined,
): string {
  const set = knownSet(world, { name }, { arn: 'permissionSetName', name: 'permissionSetName' })
  const suffix = world.state.rolesOfAccount.at(accountId).get(set.permissionSetArn)
  return `AWSReservedSSO_${set.name}_${suffix ?? '0123456789abcdef'}`
}
