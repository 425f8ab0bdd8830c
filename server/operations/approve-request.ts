import { type DecideInput, type DecidePorts, decideOnRequest } from './decide-on-request.ts'

export function approveRequest(ports: DecidePorts, input: DecideInput): Promise<void> {
  return decideOnRequest(ports, { ...input, vote: 'approved' })
}
