import { z } from 'zod'
import { personalChannels } from '#core/channels.ts'
import { noticeNames } from '#core/notices.ts'

export const RoleName = z.enum(['requester', 'approver', 'auditor', 'admin'])
export type RoleName = z.infer<typeof RoleName>

export const Preferences = z
  .strictObject({
    locale: z.enum(['en', 'ja']).nullable(),
    timeZone: z.string().max(64).nullable(),
    theme: z.enum(['system', 'light', 'dark']),
    density: z.enum(['comfortable', 'compact']),
    shortcuts: z.boolean().meta({
      description: 'Whether single keys act on the row of the approvals that has the focus',
    }),
    muted: z.partialRecord(z.enum(noticeNames), z.array(z.enum(personalChannels)).max(2)).meta({
      description:
        'By event, the channels by which I do not want to be told of it. What must be known arrives all the same where all of them are muted: what an approver is asked, and what auditors and administrators are told',
    }),
  })
  .meta({
    id: 'Preferences',
    description: 'A locale or time zone of null follows the browser',
  })
export type Preferences = z.infer<typeof Preferences>

export const PreferencesPatch = Preferences.partial().meta({ id: 'PreferencesPatch' })

export const Me = z
  .object({
    userId: z.string(),
    userName: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    roles: z.array(RoleName),
    preferences: Preferences,
    csrfToken: z.string().meta({ description: 'Empty for a token, which needs none' }),
    portalUrl: z.string().nullable(),
    banner: z.string(),
    ticket: z
      .object({
        pattern: z.string().nullable(),
        example: z.string().nullable(),
        help: z.string().nullable(),
      })
      .meta({ description: 'What this installation asks of tickets; null: nothing' }),
    /** When AWS last confirmed this person's status and groups. */
    confirmedAt: z.string().nullable(),
    latestChange: z.int().meta({
      description:
        'How far the feed of changes had come before any of this was read: a stream opened with `after` of this number misses nothing that happened since',
    }),
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof Me>

export const Counts = z
  .object({
    toApprove: z.int(),
    toReview: z.int().meta({ description: 'Break-glass that I could review' }),
    minePending: z.int(),
    mineActive: z.int(),
    failing: z.int().optional().meta({ description: 'Late removals; auditors and administrators' }),
    proposals: z.int().optional().meta({
      description: 'That wait for a second administrator; auditors and administrators',
    }),
    failed: z.int().optional().meta({
      description: 'Requests of the last 7 days that failed; auditors and administrators',
    }),
    reviewsOpen: z.int().optional().meta({
      description: 'Break-glass that nobody has reviewed; auditors and administrators',
    }),
  })
  .meta({ id: 'Counts' })
export type Counts = z.infer<typeof Counts>

export const EligibleAccount = z
  .object({ accountId: z.string(), name: z.string(), ouPath: z.array(z.string()) })
  .meta({ id: 'EligibleAccount', description: '`ouPath`: names from the root downwards' })
export type EligibleAccount = z.infer<typeof EligibleAccount>

export const EligiblePermissionSet = z
  .object({
    permissionSetArn: z.string(),
    name: z.string(),
    description: z.string(),
    level: z.enum(['read', 'write', 'admin', 'unknown']),
    maxDurationMinutes: z.int(),
    approvalRequired: z.boolean(),
    ticketRequired: z.boolean(),
    justificationRequired: z.boolean(),
    breakGlass: z.boolean(),
    breakGlassMaxDurationMinutes: z.int().nullable(),
    approverCount: z.int(),
    sessionMinutes: z.int().nullable(),
  })
  .meta({ id: 'EligiblePermissionSet' })
export type EligiblePermissionSet = z.infer<typeof EligiblePermissionSet>
