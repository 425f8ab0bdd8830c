/** Every command of `team`, in the order of its help. A new one is a file, and a line here. */
import { addAudit } from './audit.ts'
import type { AddCommand } from './command.ts'
import { addDeploy } from './deploy.ts'
import { addImport } from './import.ts'
import { addRecover } from './recover.ts'
import { addServe } from './serve.ts'
import { addDoctor, addIdp, addInit, addIntegration } from './set-up.ts'

export const commands: readonly AddCommand[] = [
  addInit,
  addIntegration,
  addDeploy,
  addIdp,
  addDoctor,
  addServe,
  addImport,
  addRecover,
  addAudit,
]
