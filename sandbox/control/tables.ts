/** Tables of DynamoDB, loaded whole. */
import * as z from 'zod'
import { BadInput } from './bad-input.ts'
import type { ControlRoutes } from './control.ts'

const tableBody = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/, 'must be the name of a table'),
  /** TEAM's unless said otherwise. */
  accountId: z
    .string()
    .regex(/^\d{12}$/, 'must be twelve digits')
    .optional(),
  keyName: z.string().min(1).max(255).default('id'),
  /** In DynamoDB's JSON: `{ "id": { "S": "…" } }`. */
  items: z.array(z.record(z.string(), z.unknown())),
})

export const tableRoutes: ControlRoutes = {
  'GET /_sandbox/tables': ({ state }) => ({
    status: 200,
    body: [...state.tables.values()].map(({ items, createdAt, ...table }) => ({
      ...table,
      createdAt: new Date(createdAt).toISOString(),
      items: items.length,
    })),
  }),
  'POST /_sandbox/tables'(world, body) {
    const { accountId = world.state.organisation.delegatedAdministratorId, ...given } =
      tableBody.parse(body)
    const lacking = given.items.findIndex((item) => item[given.keyName] === undefined)
    if (lacking !== -1) throw new BadInput(`items.${lacking}`, `It has no ${given.keyName}.`)
    world.commit({ type: 'table', value: { ...given, accountId, createdAt: world.now() } })
    return { status: 201, body: { name: given.name, accountId, items: given.items.length } }
  },
}
