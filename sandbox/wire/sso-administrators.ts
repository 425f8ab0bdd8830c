import { Refusal } from '../model/refusal.ts'
import type { Context } from './service.ts'

const service = 'sso.amazonaws.com'
/** An organisation's instance is visible to its member accounts, which may not look into it. */
const forAnybody = new Set(['ListInstances'])

/** "Delegated administration" of the IAM Identity Center user guide: of all members only that one. */
export function onlyAdministrators({ world, signer }: Context, name: string): void {
  const { principal } = signer
  if (principal.kind === 'management-account' || forAnybody.has(name)) return
  const accountId = principal.accountId(world.state.organisation)
  const { delegated } = world.state.services
  if (delegated.some((one) => one.service === service && one.accountId === accountId)) return
  throw new Refusal(
    'AccessDeniedException',
    `You do not have sufficient access to perform ${name}.`,
  )
}
