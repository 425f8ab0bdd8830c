import type { Kysely } from 'kysely'
import { type Role, rolesOf } from '#core/access.ts'
import type { Person } from '#core/facts.ts'
import type { UserId } from '#core/ids.ts'
import type { TokenRights } from '#core/token.ts'
import type { EventActor } from '#server/audit/chain.ts'
import { loadPerson } from '#server/store/people.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import type { FoundSession } from '#server/store/sessions.ts'

/** Who acts, with the rights they have now. */
export interface Actor {
  readonly person: Person
  readonly roles: ReadonlySet<Role>
  /** With which they act; absent at a browser. */
  readonly token?: ActingToken
  /** Those by which they were let in, where they only read. */
  readonly rules?: Rules
}

export interface ActingToken extends TokenRights {
  readonly id: string
  readonly name: string
}

export interface LoadActorPorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
}

/** From the replica and the rules as they stand; roles follow the directory, not the session. */
export function createLoadActor(ports: LoadActorPorts): (userId: UserId) => Promise<Actor | null> {
  return async (userId) => {
    const [person, rules] = await Promise.all([
      loadPerson(ports.db, userId),
      ports.rules.load(ports.db),
    ])
    return person && { person, roles: rolesIn(rules, person) }
  }
}

/** The same of what was read with their session. */
export function createActorOf(
  ports: LoadActorPorts,
): (found: FoundSession) => Promise<Actor | null> {
  return async ({ holder, rulesNumbers }) => {
    const rules = await ports.rules.at(ports.db, rulesNumbers)
    return holder && { person: holder, roles: rolesIn(rules, holder), rules }
  }
}

/** For what is shown at once, by the rules of this very request; whoever changes something asks again. */
export async function rulesFor(ports: LoadActorPorts, { rules }: Actor): Promise<Rules> {
  return rules ?? ports.rules.load(ports.db)
}

export function rolesIn(rules: Rules, person: Person): ReadonlySet<Role> {
  const { settings, approverGroupIds } = rules
  return rolesOf(person, { settings, approverGroupIds })
}

/** Whoever it is, what was done with a token says with which. */
export function eventActorOf({
  person,
  token,
}: {
  readonly person: Pick<Person, 'userId' | 'userName'>
  readonly token?: Actor['token'] | undefined
}): EventActor {
  if (!token) return { type: 'user', id: person.userId, name: person.userName }
  return { type: 'token', id: token.id, name: `${person.userName}: ${token.name}` }
}
