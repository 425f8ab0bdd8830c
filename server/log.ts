/**
 * One logger. Requests are logged as method, route and status only; headers, cookies, bodies and
 * queries never reach it, and what might slip in under a known name is removed.
 */
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const secretNames = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  '["x-team-csrf"]',
  'SAMLResponse',
  'samlResponse',
  'RelayState',
  'body',
  'csrfToken',
  'password',
  'secret',
  'slackToken',
  'slackSigningSecret',
  'webhookSecret',
  'token',
  'connectionString',
]

const redactedPaths = secretNames.flatMap((name) => {
  const dotted = name.startsWith('[') ? name : `.${name}`
  return [name, `*${dotted}`, `*.*${dotted}`, `req.headers${dotted}`, `res.headers${dotted}`]
})

export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '[removed]' },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
