/** What the home page offers to ask for again: favourites, then the targets of last time. Pure. */
import type { Request } from '#contract/request.ts'
import type { SavedRequest } from '#contract/saved-request.ts'
import { lastTargets } from '../../request-look.ts'

export interface AgainOffer {
  readonly key: string
  /** Of a favourite; null: named by its target. */
  readonly name: string | null
  readonly saved: SavedRequest | null
  readonly targets: readonly {
    readonly accountId: string
    readonly accountName: string
    readonly permissionSetArn: string
    readonly permissionSetName: string
  }[]
  readonly durationMinutes: number
  readonly justification: string
}

const lastMax = 6

export function againOffers(
  saved: readonly SavedRequest[],
  mine: readonly Request[],
): readonly AgainOffer[] {
  return [...saved.map((one) => ofSaved(one, mine)), ...lastTargets(mine, lastMax).map(ofRequest)]
}

function ofSaved(saved: SavedRequest, mine: readonly Request[]): AgainOffer {
  const [first] = saved.targets
  // One that holds no words repeats those of the last time, as everything else here does.
  const last = mine.find(
    (one) => one.accountId === first?.accountId && one.permissionSetArn === first.permissionSetArn,
  )
  return {
    key: saved.id,
    name: saved.name,
    saved,
    targets: saved.targets,
    durationMinutes: saved.durationMinutes,
    justification: saved.justification ?? last?.justification ?? '',
  }
}

function ofRequest(request: Request): AgainOffer {
  const { accountId, accountName, permissionSetArn, permissionSetName } = request
  return {
    key: request.id,
    name: null,
    saved: null,
    targets: [{ accountId, accountName, permissionSetArn, permissionSetName }],
    durationMinutes: request.durationMinutes,
    justification: request.justification,
  }
}
