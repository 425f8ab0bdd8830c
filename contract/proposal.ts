import { z } from 'zod'
import { proposalActions, proposalStates } from '#core/proposal.ts'
import { FreeText, Instant, PageQuery, pageOf } from './common.ts'

const Person = z.object({ userId: z.string(), userName: z.string() })
const State = z.enum(proposalStates).meta({
  description: '`void`: its object changed meanwhile, or nobody decided in time',
})

export const ProposalSent = z
  .object({
    proposalId: z.string(),
    status: State,
    widens: z.array(z.string()).meta({ description: 'Why access would be wider' }),
    expiresAt: Instant,
  })
  .meta({
    id: 'ProposalSent',
    description:
      'Nothing is changed yet: the change widens access, and another administrator must accept it',
  })
export type ProposalSent = z.infer<typeof ProposalSent>

export const Proposal = z
  .object({
    id: z.string(),
    version: z.int(),
    status: State,
    voidReason: z.enum(['changed', 'expired']).nullable(),
    object: z.object({
      type: z.enum(['eligibility-policy', 'approver-policy', 'setting']),
      id: z.string(),
      version: z.int().meta({ description: 'That its author changed; 0: it is to be made' }),
    }),
    verb: z.enum(['create', 'update', 'delete']),
    subject: z
      .object({ type: z.enum(['user', 'group']), id: z.string(), name: z.string().nullable() })
      .nullable()
      .meta({ description: 'Of an eligibility policy' }),
    changed: z.array(z.string()).meta({ description: 'The fields that would change' }),
    widens: z.array(z.string()).meta({ description: 'Why access would be wider' }),
    proposedBy: Person,
    proposedAt: Instant,
    expiresAt: Instant,
    decidedBy: Person.nullable(),
    decidedAt: Instant.nullable(),
    comment: z.string().nullable(),
    actions: z.array(
      z.object({
        name: z.enum(proposalActions),
        allowed: z.boolean(),
        code: z.string().optional(),
        params: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  })
  .meta({ id: 'Proposal' })
export type Proposal = z.infer<typeof Proposal>

const Whole = z.record(z.string(), z.unknown()).nullable()

export const ProposalDetail = Proposal.extend({
  before: Whole.meta({ description: 'What was there when it was proposed; null: nothing' }),
  after: Whole.meta({ description: 'What would be there; null: nothing' }),
  differences: z.array(
    z.object({
      field: z.string(),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
      widens: z.boolean(),
    }),
  ),
}).meta({ id: 'ProposalDetail' })
export type ProposalDetail = z.infer<typeof ProposalDetail>

export const ProposalPage = pageOf(Proposal).meta({ id: 'ProposalPage' })
export type ProposalPage = z.infer<typeof ProposalPage>

export const ProposalsQuery = PageQuery.extend({
  status: z
    .string()
    .max(100)
    .regex(
      new RegExp(`^(${proposalStates.join('|')})(,(${proposalStates.join('|')}))*$`),
      `Of ${proposalStates.join(', ')}, separated by commas`,
    )
    .optional(),
})

export const ProposalComment = z
  .strictObject({ comment: FreeText.nullish() })
  .meta({ id: 'ProposalComment' })

export const ConfirmEnding = z.int().min(0).max(1_000_000).meta({
  description:
    'How many live grants may end by this, where it was refused with `ends_live_grants` and their list',
})

export const ProposalAcceptance = ProposalComment.extend({
  confirmEnding: ConfirmEnding.optional(),
}).meta({ id: 'ProposalAcceptance' })
