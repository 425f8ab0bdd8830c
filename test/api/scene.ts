/** The organisation of the sandbox by name, and what tests of abuse need beside a browser. */
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import type { Request } from '#contract/request.ts'
import { addFault } from '#sandbox/control/behaviour.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import {
  createTeamWorld,
  type Organization,
  type TeamWorld,
  type TeamWorldOptions,
} from '#test/team-world.ts'

export interface Scene {
  readonly world: TeamWorld
  readonly organization: Organization
  group(name: string): string
  user(userName: string): string
  account(name: string): string
  unit(name: string): string
  set(name: string): string
  target(account: string, set: string): TargetNamed
  /** Who holds the target on AWS's side now, by user name. */
  holders(target: TargetNamed): string[]
  /** AWS as `admin` would have changed it in Identity Center. */
  join(userName: string, groupName: string): Promise<unknown>
  leave(userName: string, groupName: string): Promise<unknown>
  disable(userName: string): Promise<unknown>
  fault(fault: Parameters<typeof addFault>[1]): void
  clearFaults(): void
  /** A policy that must be accepted; answers its id. */
  eligibility(admin: Person, change?: object): Promise<string>
  approval(admin: Person, change?: object): Promise<string>
  dropPolicy(admin: Person, kind: PolicyKind, id: string): Promise<void>
  ask(person: Person, target: TargetNamed, change?: object): Promise<Request>
  close(): Promise<void>
}

export type PolicyKind = 'eligibility-policies' | 'approver-policies'

export interface TargetNamed {
  readonly accountId: string
  readonly permissionSetArn: string
}

export const everywhere = { accounts: [], organizationalUnits: [], root: true } as const

export async function createScene(options: TeamWorldOptions = {}): Promise<Scene> {
  const world = await createTeamWorld(options)
  const organization = await world.organization()
  const found = <Item>(list: readonly Item[], is: (item: Item) => boolean, name: string): Item => {
    const item = list.find(is)
    if (item === undefined) throw new Error(`The organisation has no ${name}`)
    return item
  }
  const scene: Scene = {
    world,
    organization,
    group: (name) => found(organization.groups, (one) => one.displayName === name, name).groupId,
    user: (name) => found(organization.users, (one) => one.userName === name, name).userId,
    account: (name) => found(organization.accounts, (one) => one.name === name, name).accountId,
    unit: (name) => found(organization.organizationalUnits, (one) => one.name === name, name).id,
    set: (name) => found(organization.permissionSets, (one) => one.name === name, name).arn,
    target: (account, set) => ({
      accountId: scene.account(account),
      permissionSetArn: scene.set(set),
    }),
    holders: (target) =>
      [...world.sandbox.world.state.assignments.values()]
        .filter(
          (one) =>
            one.principalType === 'USER' &&
            one.accountId === target.accountId &&
            one.permissionSetArn === target.permissionSetArn,
        )
        .map((one) => world.sandbox.world.state.users.get(one.principalId)?.userName ?? '(gone)'),
    join: (userName, groupName) => world.control('POST', 'memberships', { userName, groupName }),
    leave: (userName, groupName) => world.control('DELETE', 'memberships', { userName, groupName }),
    disable: (userName) => world.control('POST', 'users', { userName, status: 'DISABLED' }),
    fault: (fault) => void addFault(world.sandbox.world, fault),
    clearFaults() {
      for (const { id } of [...world.sandbox.world.state.faults.values()]) {
        world.sandbox.world.commit({ type: 'fault-removed', id })
      }
    },
    eligibility: (admin, change = {}) =>
      made(admin, '/eligibility-policies', {
        subject: { type: 'group', id: scene.group('TEAM users') },
        targets: everywhere,
        permissionSets: ['*'],
        maxDurationMinutes: 240,
        ...change,
      }),
    approval: (admin, change = {}) =>
      made(admin, '/approver-policies', {
        targets: everywhere,
        approverGroups: [scene.group('TEAM approvers')],
        ...change,
      }),
    async dropPolicy(admin, kind, id) {
      const { headers } = await admin.get(`/${kind}/${id}`)
      const etag = headers.get('etag') ?? ''
      const drop = (query: string) =>
        admin.call<ProblemBody>('DELETE', `/${kind}/${id}${query}`, undefined, { 'if-match': etag })
      const first = await drop('')
      const count = first.body?.code === 'ends_live_grants' ? first.body.params?.count : null
      const { status } = count === null ? first : await drop(`?confirmEnding=${count}`)
      if (status !== 204) throw new Error(`DELETE /${kind}/${id} answered ${status}`)
    },
    async ask(person, target, change = {}) {
      const { status, body } = await person.post<{ requests: Request[] } & ProblemBody>(
        '/requests',
        { targets: [target], durationMinutes: 60, justification: 'Reading the logs', ...change },
      )
      const [request] = body.requests ?? []
      if (request === undefined) throw new Error(`Refused: ${status} ${body.code} ${body.detail}`)
      return request
    },
    close: () => world.close(),
  }
  return scene
}

async function made(admin: Person, path: string, body: object): Promise<string> {
  const { status, body: policy } = await admin.post<{ id: string } & ProblemBody>(path, body)
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(policy)}`)
  return policy.id
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  /** Of a problem; else undefined. */
  readonly code: string | undefined
}

export interface RawRequest {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

/** A request exactly as it is written here: nothing is added but what HTTP itself needs. */
export function raw(url: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const { method = 'GET', headers = {}, body } = request
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: hostname, port, path, method, headers: { ...length, ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const { statusCode = 0, headers: answered } = response
          resolve({ status: statusCode, headers: answered, text, code: codeIn(text) })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function codeIn(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && 'code' in parsed
      ? String(parsed.code)
      : undefined
  } catch {
    return undefined
  }
}

/** What the person's browser would send along: its session's cookie. */
export function cookieOf(scene: Scene, person: Person): string {
  const { port } = new URL(scene.world.team.url)
  return `team_session_${port}=${person.cookie(/^team_session_/) ?? ''}`
}
