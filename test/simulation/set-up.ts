/** The first copy starts, reads the directory, and an administrator makes the policies. */
import { createApproverPolicy, createEligibilityPolicy } from '#test/save-policies.ts'
import type { SimulatedWorld } from './world.ts'

export const everywhere = { accounts: [], organizationalUnits: [], root: true }

export async function setUp(world: SimulatedWorld): Promise<void> {
  const copy = await world.startCopy()
  await world.touches.drive(copy.parts.ready)
  await makePolicies(world)
}

async function makePolicies(world: SimulatedWorld): Promise<void> {
  const { chance, organisation } = world
  const copy = world.leader
  if (copy === null) throw new Error('Nobody is there to make policies')
  const { groups, admin } = organisation
  const act = async (action: string, work: Parameters<typeof copy.act>[2]) => {
    const result = await world.touches.drive(copy.act(action, admin.userId, work))
    if (result !== 'done') throw new Error(`${action}: ${result}`)
  }
  const eligibility = (change: object) =>
    act('eligibility-policy.write', (actor, ports) =>
      createEligibilityPolicy(ports, {
        actor,
        body: {
          subject: { type: 'group', id: groups.users },
          targets: everywhere,
          permissionSets: ['*'],
          maxDurationMinutes: 60,
          approvalRequired: true,
          ticketRequired: false,
          justificationRequired: true,
          breakGlass: false,
          note: '',
          enabled: true,
          ...change,
        },
      }),
    )
  const approval = (change: object) =>
    act('approver-policy.write', (actor, ports) =>
      createApproverPolicy(ports, {
        actor,
        body: {
          targets: everywhere,
          approverGroups: [groups.approvers],
          approvalsRequired: 1,
          exclusive: false,
          note: '',
          enabled: true,
          ...change,
        },
      }),
    )
  await eligibility({ approvalRequired: !chance.once(3) })
  world.history.approvalsRequired = chance.once(3) ? 2 : 1
  await approval({ approvalsRequired: world.history.approvalsRequired })
}
