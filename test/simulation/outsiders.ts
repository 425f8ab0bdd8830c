/** What others do behind TEAM's back: in Identity Center, in the directory, in the organisation. */
import { estateRoutes } from '#sandbox/control/estate.ts'
import type { AssignmentKey, User } from '#sandbox/model/types.ts'
import type { World } from '#sandbox/model/world.ts'
import { keyText } from './access-log.ts'
import type { Trouble } from './history.ts'
import type { SimulatedWorld } from './world.ts'

export class Outsiders {
  readonly #world: SimulatedWorld
  readonly #orphans: Trouble[] = []

  constructor(world: SimulatedWorld) {
    this.#world = world
  }

  async meddle(): Promise<void> {
    const what = this.#world.chance.weighted({
      assign: 4,
      unassign: 2,
      leave: 3,
      join: 2,
      disable: 3,
      enable: 2,
      deleteUser: 0.4,
      suspend: 0.3,
    })
    switch (what) {
      case 'assign':
        return this.assign()
      case 'unassign':
        return this.#unassign()
      case 'leave':
      case 'join':
        return this.#membership(what)
      case 'disable':
      case 'enable':
        return this.#status(what === 'enable' ? 'ENABLED' : 'DISABLED')
      case 'deleteUser':
        return this.#deleteUser()
      case 'suspend':
        return this.#suspend()
      default:
        return what satisfies never
    }
  }

  /** By hand, at once. Whether it is standing access is for the domain's rule 5 to say. */
  async assign(): Promise<void> {
    const { aws, chance, history, log, organisation } = this.#world
    const asked = this.#keysAskedFor()
    const key: AssignmentKey =
      asked.length > 0 && chance.once(2)
        ? chance.one(asked)
        : {
            accountId: chance.one(organisation.accounts.slice(0, 2)).accountId,
            permissionSetArn: chance.one(organisation.sets.slice(0, 2)).permissionSetArn,
            principalType: 'USER',
            principalId: chance.one(organisation.requesters).userId,
          }
    const text = keyText(key)
    if (log.present(text) !== null || !aws.state.users.has(key.principalId)) return
    const isStanding = await this.#isNobodysOfTeam(key)
    const roleSuffix = aws.ids.roleSuffix()
    log.byHand(() =>
      aws.commit({ type: 'assignment', value: { ...key, roleSuffix, createdAt: aws.now() } }),
    )
    const stay = log.present(text)
    if (stay) stay.isStanding = isStanding
    history.say(`by hand: ${this.#nameOf(key)} is assigned${isStanding ? ', standing access' : ''}`)
  }

  /** Of requests that wait for a vote or for their start: when they begin, it will be looked at. */
  #keysAskedFor(): AssignmentKey[] {
    const { history } = this.#world
    return [...history.keys].flatMap(([requestId, key]) => {
      const status = history.shown.get(requestId)?.at(-1)?.status ?? ''
      const [principalId, accountId, ...arn] = key.split('/')
      if (!['pending', 'scheduled'].includes(status) || !principalId || !accountId) return []
      return [{ principalId, accountId, permissionSetArn: arn.join('/'), principalType: 'USER' }]
    })
  }

  /** The ledger does not hold it, nothing of TEAM's may still land, and TEAM did not just remove it. */
  async #isNobodysOfTeam(key: AssignmentKey): Promise<boolean> {
    const { rows } = await this.#world.admin.query<{ ours: boolean }>(
      `select held or presence <> 'absent' or watched_until is not null
          or confirmed_at > $4::timestamptz - interval '60 seconds'
          or exists (select 1 from intent i where i.key_id = k.key_id and i.state in ('written', 'accepted', 'unknown')) as ours
        from ledger_key k where user_id = $1 and account_id = $2 and permission_set_arn = $3`,
      [key.principalId, key.accountId, key.permissionSetArn, this.#world.teamNow()],
    )
    return rows[0]?.ours !== true
  }

  #unassign(): void {
    const { aws, chance, history, log } = this.#world
    const direct = [...aws.state.assignments.values()].filter((one) => one.principalType === 'USER')
    if (direct.length === 0) return
    const key = chance.one(direct)
    log.byHand(() => aws.commit({ type: 'assignment-removed', key }))
    history.handsOff.push({ atMs: this.#world.nowMs, key: keyText(key) })
    history.say(`by hand: ${this.#nameOf(key)} is removed`)
  }

  #membership(what: 'leave' | 'join'): void {
    const { aws, chance, history, organisation } = this.#world
    const user = this.#someone()
    const groupId = chance.one(Object.values(organisation.groups))
    const known = aws.state.membership(user.userId, groupId)
    if ((what === 'leave') !== (known !== undefined) || !aws.state.users.has(user.userId)) return
    if (known) aws.commit({ type: 'membership-removed', membershipId: known.membershipId })
    else {
      const membershipId = aws.ids.uuid()
      aws.commit({ type: 'membership', value: { membershipId, userId: user.userId, groupId } })
    }
    history.noteStanding(user.userId, groupId, known === undefined)
    const groupName = aws.state.groups.get(groupId)?.displayName
    history.say(`${user.userName} ${what === 'join' ? 'joins' : 'leaves'} ${groupName}`)
  }

  /** Of each approvers' group; still enabled, and knows nothing of it. */
  leaveAll(userId: string): void {
    const { aws, history, organisation } = this.#world
    for (const groupId of [organisation.groups.approvers, organisation.groups.seconds]) {
      const known = aws.state.membership(userId, groupId)
      if (known === undefined) continue
      aws.commit({ type: 'membership-removed', membershipId: known.membershipId })
      history.noteStanding(userId, groupId, false)
    }
    const name = aws.state.users.get(userId)?.userName
    history.say(`${name} has voted, and leaves the approvers' groups`)
  }

  #status(status: User['status']): void {
    const { aws, history } = this.#world
    const user = aws.state.users.get(this.#someone().userId)
    if (user === undefined || user.status === status) return
    aws.commit({ type: 'user', value: { ...user, status, revision: user.revision + 1 } })
    history.noteStanding(user.userId, null, status === 'ENABLED')
    history.say(`${user.userName} is ${status.toLowerCase()}`)
  }

  #deleteUser(): void {
    const { aws, history } = this.#world
    const user = this.#someone()
    if (!aws.state.users.has(user.userId)) return
    for (const { groupId } of [...aws.state.membershipsOfUser.at(user.userId).values()]) {
      history.noteStanding(user.userId, groupId, false)
    }
    aws.commit({ type: 'user-removed', userId: user.userId })
    history.noteStanding(user.userId, null, false)
    history.say(`${user.userName} is deleted`)
    if (aws.settings.orphansStay) {
      this.#orphans.push(history.begin({ what: 'suspended', key: user.userId, afterMs: 120_000 }))
    }
  }

  #suspend(): void {
    const { aws, chance, history, organisation } = this.#world
    const { accountId, name } = chance.one(organisation.accounts.slice(0, 2))
    const account = aws.state.accounts.get(accountId)
    if (account === undefined) return
    const state = account.state === 'ACTIVE' ? 'SUSPENDED' : 'ACTIVE'
    history.organisationChanged = true
    if (state === 'SUSPENDED') history.beginSuspension(accountId)
    else history.endSuspension(accountId)
    setAccount(aws, { accountId, state })
    history.say(`${name} is ${state.toLowerCase()}`)
  }

  /** Whoever was suspended comes back, and AWS removes what deleted people had: else removal goes on being tried, every quarter of an hour. */
  reopen(): void {
    const { aws, history, organisation } = this.#world
    aws.commit({ type: 'settings', value: { ...aws.settings, orphansStay: false } })
    for (const orphan of this.#orphans) history.end(orphan)
    for (const { accountId, name } of organisation.accounts) {
      if (aws.state.accounts.get(accountId)?.state !== 'SUSPENDED') continue
      setAccount(aws, { accountId, state: 'ACTIVE' })
      history.endSuspension(accountId)
      history.say(`${name} is active again`)
    }
  }

  #someone(): User {
    const { chance, history, organisation } = this.#world
    const people = [...organisation.requesters, ...organisation.approvers]
    const voter = history.votes.findLast(({ result }) => result === 'done')?.voterId
    const hasVoted = chance.once(3) ? people.find((one) => one.userId === voter) : undefined
    const holders = people.filter(({ userId }) => history.holds(userId))
    return hasVoted ?? chance.one(holders.length > 0 && chance.once(2) ? holders : people)
  }

  #nameOf(key: AssignmentKey): string {
    const { accounts, requesters, sets } = this.#world.organisation
    const person = requesters.find((one) => one.userId === key.principalId)?.userName
    const account = accounts.find((one) => one.accountId === key.accountId)?.name
    const set = sets.find((one) => one.permissionSetArn === key.permissionSetArn)?.name
    return `${person} on ${account}/${set}`
  }
}

function setAccount(aws: World, change: { accountId: string; state: string }): void {
  const route = estateRoutes['POST /_sandbox/accounts']
  if (route === undefined) throw new Error('The sandbox changes no accounts')
  route(aws, change, '')
}
