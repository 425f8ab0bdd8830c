import * as z from 'zod'
import { arnOf } from '../model/principals.ts'
import { operation, type Service, validationException } from './service.ts'

export const sts: Service = {
  name: 'sts',
  scope: 'sts',
  operations: {
    GetCallerIdentity: operation(z.object({}), ({ world, signer }) => {
      const { organisation } = world.state
      return {
        Arn: arnOf(signer.principal, organisation),
        UserId: signer.principal.uniqueId,
        Account: signer.principal.accountId(organisation),
      }
    }),
  },
  optional: [],
  malformed: validationException,
  throttle: () => {},
}
