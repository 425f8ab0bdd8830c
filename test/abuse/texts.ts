/** What is written to be read as something else, in every field that a person fills. */
import { describe, expect, test } from 'vitest'
import { type Stage, submission } from './stage.ts'

interface Field {
  readonly name: string
  write(stage: Stage, text: string): Promise<{ readonly status: number }>
}

const policyWith = ({ scene }: Stage, change: object) => ({
  subject: { type: 'group', id: scene.group('TEAM users') },
  targets: { accounts: [], organizationalUnits: [], root: true },
  permissionSets: ['Billing'],
  maxDurationMinutes: 60,
  ...change,
})

const decide = (action: string): Field => ({
  name: `the comment to ${action}`,
  write: ({ approver, pending }, comment) =>
    approver.post(`/requests/${pending.id}/${action}`, { comment }),
})

const fields: readonly Field[] = [
  {
    name: 'a justification',
    write: (stage, justification) =>
      stage.owner.post('/requests', submission(stage, { justification })),
  },
  {
    name: 'a ticket',
    write: (stage, ticket) => stage.owner.post('/requests', submission(stage, { ticket })),
  },
  decide('approve'),
  decide('reject'),
  {
    name: 'the comment to cancel',
    write: ({ owner, pending }, comment) =>
      owner.post(`/requests/${pending.id}/cancel`, { comment }),
  },
  {
    name: 'a policy’s note',
    write: (stage, note) => stage.admin.post('/eligibility-policies', policyWith(stage, { note })),
  },
  {
    name: 'a policy’s ticket',
    write: (stage, ticket) =>
      stage.admin.post('/eligibility-policies', policyWith(stage, { ticket })),
  },
  {
    name: 'the banner',
    write: ({ admin }, banner) => admin.call('PATCH', '/settings', { banner }),
  },
  {
    name: 'the name of a token',
    write: ({ owner, scene }, name) =>
      owner.post('/tokens', {
        name,
        scopes: ['me:read'],
        expiresAt: new Date(scene.world.now().getTime() + 3_600_000).toISOString(),
      }),
  },
]

const deceits: [string, string][] = [
  ['a NUL', 'pay\u0000ments'],
  ['a control character', 'pay\u0008ments'],
  ['an escape of terminals', '\u001b[2Kapproved'],
  ['an override of direction', 'read \u202Eylno'],
  ['an isolate of direction', 'read \u2066only\u2069'],
  ['a Cyrillic letter in a Latin word', 'р\u0061yments-prod'],
  ['a Greek letter in a Latin word', 'prοd'],
  ['half a character', 'pay\ud83d'],
]

export function texts(stage: Stage): void {
  describe('a text that deceives who reads it is refused:', () => {
    for (const field of fields) {
      for (const [what, text] of deceits) {
        test(`${what} in ${field.name}`, async () => {
          const { status } = await field.write(stage, text)
          expect([400, 422]).toContain(status)
        })
      }
    }

    test('and none of them has decided anything', async () => {
      expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
    })
  })
}
