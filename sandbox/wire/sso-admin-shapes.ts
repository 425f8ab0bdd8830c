import { Refusal } from '../model/refusal.ts'
import type { PermissionSet } from '../model/types.ts'
import { type Context, pageSize, text } from './service.ts'

/** Limits and patterns of the sso-admin API model, 2020-07-20. */
const partition = '(aws|aws-us-gov|aws-cn|aws-iso|aws-iso-b)'
const instance = '(sso)?ins-[a-zA-Z0-9-.]{16}'

export const instanceArn = text({
  min: 10,
  max: 1224,
  pattern: new RegExp(`^arn:${partition}:sso:::instance/${instance}$`),
})
export const permissionSetArn = text({
  min: 10,
  max: 1224,
  pattern: new RegExp(`^arn:${partition}:sso:::permissionSet/${instance}/ps-[a-zA-Z0-9-./]{16}$`),
})
export const accountId = text({ min: 12, max: 12, pattern: /^\d{12}$/ })
export const principalId = text({
  min: 1,
  max: 47,
  pattern:
    /^([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$/,
})
export const requestId = text({
  min: 36,
  max: 36,
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
})
export const paging = {
  MaxResults: pageSize(100),
  NextToken: text({ min: 0, max: 2048, pattern: /^[-a-zA-Z0-9+=/_]*$/ }).optional(),
}

export const badToken = () => new Refusal('ValidationException', 'Invalid NextToken')

/**
 * What only the instance's primary Region answers: "Using IAM Identity Center APIs in additional
 * Regions" of the user guide. Other Regions answer for instances and applications.
 */
export function inPrimaryRegion<Input extends { InstanceArn: string }>(
  answer: (context: Context, input: Input) => object,
) {
  return (context: Context, input: Input): object => {
    refuseInstance(context, input.InstanceArn)
    const { primaryRegion } = context.world.state.organisation
    if (context.signer.region !== primaryRegion) {
      throw new Refusal(
        'AccessDeniedException',
        `Permission sets and account assignments are available only in the primary Region of the instance, ${primaryRegion}.`,
      )
    }
    return answer(context, input)
  }
}

export function refuseInstance(context: Context, arn: string): void {
  if (context.world.state.organisation.instanceArn === arn) return
  throw new Refusal('ResourceNotFoundException', `Instance with id ${arn} does not exist.`)
}

export function knownPermissionSet(context: Context, arn: string): PermissionSet {
  const permissionSet = context.world.state.permissionSets.get(arn)
  if (permissionSet !== undefined) return permissionSet
  throw new Refusal('ResourceNotFoundException', `PermissionSet with id ${arn} does not exist.`)
}
