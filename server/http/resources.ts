/** What the resources of the API are built on; `server/wiring/` and the tests hand it in. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { Uuid } from '#contract/common.ts'
import type { UserId } from '#core/ids.ts'
import type { Logger } from '#server/log.ts'
import type { Actor } from '#server/operations/actor.ts'
import type { ApprovableTargets } from '#server/operations/approvable-targets.ts'
import type { PeopleConfirmer } from '#server/operations/confirm-person.ts'
import type { Looks } from '#server/operations/look-at-target.ts'
import type { OpenRecord } from '#server/operations/read-session-log.ts'
import type { TestChannelPorts } from '#server/operations/test-channel.ts'
import type { Announce, TellOverseers } from '#server/store/announce-port.ts'
import type { Connection } from '#server/store/database.ts'
import type { RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Vault } from '#server/store/vault.ts'
import type { Clock } from './ports.ts'
import type { Sessions } from './sign-in/sessions.ts'

export interface ResourceDeps {
  readonly db: Kysely<Schema>
  /** Without the short time limits, for what reads much. */
  readonly long: Kysely<Schema>
  /** Of the database, for what the application may not do: erasing payloads. */
  readonly owner: Kysely<Schema>
  readonly clock: Clock
  readonly rules: RulesStore
  readonly vault: Vault
  readonly looks: Looks
  readonly announce: Announce
  readonly tellOverseers: TellOverseers
  readonly confirmer: Pick<PeopleConfirmer, 'confirmPerson' | 'confirmPeople'>
  readonly sessions: Sessions
  readonly sendTest: TestChannelPorts['sendTest']
  readonly loadActor: (userId: UserId) => Promise<Actor | null>
  /** Of session logs. */
  readonly openRecord: OpenRecord
  readonly publicUrl: string
  readonly portalUrl: string | null
  /** For listening to changes. */
  readonly connection: Connection
  readonly log: Pick<Logger, 'warn' | 'error'>
}

/** The same, with what the resources share among themselves. */
export interface ResourcePorts extends ResourceDeps {
  readonly confirmPeople: PeopleConfirmer['confirmPeople']
  readonly approvableTargets: ApprovableTargets
}

export const IdParams = z.object({ id: Uuid })
