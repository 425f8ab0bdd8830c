/**
 * What leaves the house is what the schema of the answer lists, checked. `fastify-type-provider-zod`
 * encodes, which looks at a value with a check (each date, each whole number) twice; our answers'
 * schemas change nothing on the way, so that reading by them says the same.
 */
import type { FastifySerializerCompiler } from 'fastify/types/schema.js'
import { ResponseSerializationError } from 'fastify-type-provider-zod'
import { z } from 'zod'

export const serializerCompiler: FastifySerializerCompiler<unknown> = ({ schema, method, url }) => {
  if (!(schema instanceof z.ZodType))
    throw new Error(`${method} ${url}: an answer without a schema`)
  return (data) => {
    const answer = schema.safeParse(data)
    if (answer.success) return JSON.stringify(answer.data)
    throw new ResponseSerializationError(method, url, { cause: answer.error })
  }
}
