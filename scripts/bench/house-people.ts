/** Who may ask for what where several copies run. */
import type { House } from '#test/copies/house.ts'
import type { Person } from '#test/person.ts'
import type { Organization } from '#test/team-world.ts'

export interface Target {
  readonly accountId: string
  readonly permissionSetArn: string
}

export interface HousePeople {
  readonly admin: Person
  readonly user: Person
  readonly targets: readonly Target[]
}

const offered = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess', 'Billing']

/** Everybody in `TEAM users` may ask for what stands in production; nobody has to agree. */
export async function letAskWithoutApproval(house: House): Promise<HousePeople> {
  const [admin, user] = [house.person(), house.person()]
  await admin.signIn('test-admin')
  await user.signIn('test-user')
  const { groups, accounts, permissionSets } = await house.control<Organization>(
    'GET',
    'organization',
  )
  const made = await admin.post('/eligibility-policies', {
    subject: {
      type: 'group',
      id: groups.find(({ displayName }) => displayName === 'TEAM users')?.groupId,
    },
    targets: { accounts: [], organizationalUnits: [], root: true },
    permissionSets: offered,
    maxDurationMinutes: 240,
    approvalRequired: false,
  })
  if (made.status !== 201) throw new Error(`Refused: ${JSON.stringify(made.body)}`)
  const sets = permissionSets.filter(({ name }) => offered.includes(name))
  const targets = accounts
    .filter(({ name }) => name.endsWith('-prod'))
    .flatMap(({ accountId }) => sets.map(({ arn }) => ({ accountId, permissionSetArn: arn })))
  return { admin, user, targets }
}
