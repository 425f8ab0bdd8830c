import type { TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import type { ProposedChange } from '#server/store/proposals.ts'
import { loadSettings } from '#server/store/settings.ts'
import type { Authority } from './authority.ts'

export interface ToldChange {
  readonly object: ProposedChange['object']
  readonly verb: ProposedChange['verb']
  readonly version: number
  readonly widens: readonly string[]
}

/**
 * Auditors and administrators are told of what widens access, always; of other changes of policies
 * where the settings say so.
 */
export async function tellOfChange(
  { tellOverseers }: { readonly tellOverseers: TellOverseers },
  c: Change,
  { author, accepted }: Authority,
  { object, verb, version, widens }: ToldChange,
): Promise<void> {
  if (widens.length === 0) {
    if (object.type === 'setting') return
    const { settings } = await loadSettings(c.tx)
    if (!settings.policyChangeNotices) return
  }
  await tellOverseers(c, {
    event: 'rules_changed',
    facts: {
      object,
      verb,
      version,
      widens,
      by: author.person.userName,
      acceptedBy: accepted?.accepter.userName ?? null,
      at: c.at.toISOString(),
    },
  })
}
