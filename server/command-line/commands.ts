/** Every command of `team`, in the order of its help. A new one is a file, and a line here. */
import { addAudit } from './audit.ts'
import type { AddCommand } from './command.ts'
import { addRecover } from './recover.ts'
import { addServe } from './serve.ts'

export const commands: readonly AddCommand[] = [addServe, addRecover, addAudit]
