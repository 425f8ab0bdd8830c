/** Versions travel as strong ETags; whoever changes something says which version they have read. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '#core/refusals.ts'
import { refusedWith } from '#server/operations/words.ts'

export function sayVersion(reply: FastifyReply, version: number): void {
  reply.header('etag', `"${version}"`)
}

/** Null where the header is missing. A tag that is no version of ours is never the present one. */
export function versionInIfMatch(request: FastifyRequest): number | null {
  const header = request.headers['if-match']
  if (header === undefined) return null
  const tag = /^"(\d{1,9})"$/.exec(header.trim())?.[1]
  if (tag === undefined) throw refusedWith(refusal('version_conflict'))
  return Number(tag)
}

export function requireIfMatch(request: FastifyRequest): number {
  const version = versionInIfMatch(request)
  if (version === null) throw refusedWith(refusal('version_required'))
  return version
}
