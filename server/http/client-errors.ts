/** What is no HTTP, or too much of it, never becomes a request: answered on the socket itself. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from '#server/log.ts'
import { Refused } from '#server/operations/refused.ts'
import { problemOf, problemType } from './problem.ts'

const statusOfCode: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
const detailOf: Readonly<Record<number, string>> = {
  408: 'The request did not arrive in time. Send it again.',
  431: 'The address and the headers are longer than 16 KB together.',
}

export function clientErrorHandler(log: Logger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    log.debug({ code: error.code }, 'not a request')
    if (socket.writable) socket.write(answerTo(error.code ?? ''))
    socket.destroy(error)
  }
}

function answerTo(code: string): string {
  const status = statusOfCode[code] ?? 400
  const problem = problemOf(
    new Refused('malformed', { detail: detailOf[status] ?? 'This is not a request of HTTP.' }),
    randomUUID(),
  )
  const body = JSON.stringify({ ...problem, status })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemType}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
