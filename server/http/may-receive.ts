/** Whether a person may be told that something changed; what is not named here is told nobody. */
import type { AccountId, PermissionSetArn, RequestId } from '#core/ids.ts'
import type { Actor } from '#server/operations/actor.ts'
import { maySee } from '#server/operations/rights-on-request.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import type { ResourcePorts } from './resources.ts'
import type { LiveEvent } from './stream.ts'

/** One event goes to many streams; its request is read once. */
const rememberedMax = 500

export function createMayReceive(ports: Pick<ResourcePorts, 'db' | 'rules'>) {
  const requests = new Map<number, Promise<StoredRequest | null>>()

  function requestOf(event: LiveEvent): Promise<StoredRequest | null> {
    const known = requests.get(event.seq)
    if (known) return known
    const loaded = loadRequest(ports.db, event.id as RequestId)
    requests.set(event.seq, loaded)
    loaded.catch(() => requests.delete(event.seq))
    const [oldest] = requests.keys()
    if (requests.size > rememberedMax && oldest !== undefined) requests.delete(oldest)
    return loaded
  }

  return async (actor: Actor, event: LiveEvent): Promise<boolean> => {
    const seesAll = actor.roles.has('admin') || actor.roles.has('auditor')
    switch (event.type) {
      case 'setting':
      case 'directory':
        return true
      case 'person':
        return seesAll || event.id === actor.person.userId
      case 'eligibility-policy':
      case 'approver-policy':
      case 'proposal':
      case 'key':
      case 'access-look':
        return seesAll
      case 'request':
      // Its id is the request's.
      case 'notice': {
        const request = await requestOf(event)
        return request !== null && maySee(await ports.rules.load(ports.db), actor, request)
      }
      case 'target-look':
        return seesAll || mayAskFor(ports, actor, event.id)
      default:
        return false
    }
  }
}

/** The id is the account's, a slash, and the ARN. */
async function mayAskFor(
  ports: Pick<ResourcePorts, 'db' | 'rules'>,
  { person }: Actor,
  id: string,
): Promise<boolean> {
  const at = id.indexOf('/')
  const target = {
    accountId: id.slice(0, at) as AccountId,
    permissionSetArn: id.slice(at + 1) as PermissionSetArn,
  }
  const { evaluator } = await ports.rules.load(ports.db)
  return evaluator.eligibility(person, target).eligible
}
