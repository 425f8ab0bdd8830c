import type { FastifyReply } from 'fastify'
import { readProposalSent } from '#server/operations/propose-change.ts'
import type { ResourcePorts } from './resources.ts'

/** 202: nothing is changed yet, and here is where to look whether it is. */
export async function answerProposed(
  ports: Pick<ResourcePorts, 'db'>,
  reply: Pick<FastifyReply, 'code' | 'header' | 'send'>,
  proposalId: string,
): Promise<FastifyReply> {
  const sent = await readProposalSent(ports, proposalId)
  return reply.code(202).header('location', `/api/v1/proposals/${proposalId}`).send(sent)
}
