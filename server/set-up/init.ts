/**
 * `team init`: makes TEAM's account delegated administrator of what TEAM works on. Everything is
 * looked at before anything is changed, so a run that is refused has changed nothing, and a second
 * run finds that all is there.
 */
import {
  createOrganizationSetUp,
  type OrganizationAccount,
  type OrganizationSetUp,
} from '#server/aws/organization-set-up.ts'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo } from '#server/command-line/shell.ts'
import { type ConfigFile, readConfigFile } from '#server/config-file/read.ts'
import { inAwsWords, withClients } from './clients.ts'

export interface InitOptions {
  readonly config?: string
  readonly dryRun?: boolean
}

export interface TeamService {
  readonly principal: string
  readonly name: string
  /** How many delegated administrators there may be; null: AWS names no number. */
  readonly administratorsMax: number | null
}

/** In the order in which the sample sets them up. */
export const teamServices: readonly TeamService[] = [
  { principal: 'account.amazonaws.com', name: 'AWS Account Management', administratorsMax: null },
  { principal: 'cloudtrail.amazonaws.com', name: 'AWS CloudTrail', administratorsMax: 3 },
  { principal: 'sso.amazonaws.com', name: 'AWS IAM Identity Center', administratorsMax: 1 },
]

interface Found extends TeamService {
  readonly isTrusted: boolean
  readonly administrators: readonly OrganizationAccount[]
}

type Done = 'already' | 'done' | 'would'

interface Step {
  readonly service: string
  readonly step: 'trusted-access' | 'delegated-administrator'
  readonly outcome: Done
  readonly text: string
}

export async function runInit(asked: Asked<InitOptions>): Promise<Answer> {
  const file = await readConfigFile(asked.shell, asked.options.config)
  const { region, orgMasterProfile: profile, teamAccountProfile } = file.config
  const account = teamAccountOf(file)
  if (teamAccountProfile !== undefined) {
    await checkTeamProfile({ region, profile: teamAccountProfile }, account)
  }
  try {
    return await withClients({ region, profile }, (clients) =>
      init(createOrganizationSetUp(clients), { ...asked, account, profile }),
    )
  } catch (error) {
    throw inAwsWords(error, profile)
  }
}

function teamAccountOf({ path, config }: ConfigFile): string {
  if (config.teamAccount !== undefined) return config.teamAccount
  const where =
    path === null
      ? 'There is no team.config.json or parameters.sh here'
      : `${path} names no account`
  throw new CannotDo(
    `${where}. Say which account TEAM runs in: "teamAccount": "111122223333" in team.config.json, or TEAM_ACCOUNT=111122223333 in parameters.sh.`,
  )
}

/** A profile that leads elsewhere would be noticed much later, by a server that may do nothing. */
async function checkTeamProfile(
  by: { region: string | undefined; profile: string },
  account: string,
): Promise<void> {
  try {
    const { accountId } = await withClients(by, (clients) =>
      createOrganizationSetUp(clients).caller(),
    )
    if (accountId === account) return
    throw new CannotDo(
      `The profile ${by.profile} (teamAccountProfile) is of account ${accountId}, and TEAM's account is ${account}. Nothing was changed.`,
    )
  } catch (error) {
    throw inAwsWords(error, by.profile)
  }
}

interface InitAsked extends Asked<InitOptions> {
  readonly account: string
  readonly profile: string | undefined
}

async function init(organization: OrganizationSetUp, asked: InitAsked): Promise<Answer> {
  const { account } = asked
  const management = await refuseOthers(organization, asked)
  if (account === management) return ownAccount(management)
  const member = await memberAccount(organization, account)
  asked.progress(`Looking at what is set up for ${account}…`)
  const found = await lookAt(organization)
  const blocked = found.filter((service) => isFull(service, account))
  if (blocked.length > 0)
    throw new CannotDo(blocked.map((one) => whyFull(one, account)).join('\n\n'))
  const steps: Step[] = []
  for (const service of found) steps.push(...(await setUp(organization, service, asked)))
  const heading = `Management account ${management}; TEAM's account ${account} (${member.name})`
  return {
    code: 0,
    json: { managementAccount: management, teamAccount: account, steps: steps.map(withoutText) },
    text: [heading, ...steps.map(({ text }) => text), closing(steps)].join('\n'),
  }
}

const withoutText = ({ service, step, outcome }: Step) => ({ service, step, outcome })

async function refuseOthers(
  organization: OrganizationSetUp,
  { profile }: InitAsked,
): Promise<string> {
  const management = await organization.managementAccount()
  const { accountId, arn } = await organization.caller()
  if (accountId === management) return management
  const whose =
    profile === undefined ? 'The credentials of the environment are' : `The profile ${profile} is`
  throw new CannotDo(
    `${whose} of account ${accountId} (${arn}). Only the management account, ${management}, may set up delegated administrators: name its profile as "orgMasterProfile" (ORG_MASTER_PROFILE). Nothing was changed.`,
  )
}

function ownAccount(management: string): Answer {
  return {
    code: 0,
    json: { managementAccount: management, teamAccount: management, steps: [] },
    text: `TEAM's account is the management account ${management}, which needs no delegation. AWS advises against running workloads in it.`,
  }
}

async function memberAccount(organization: OrganizationSetUp, account: string) {
  const member = await organization.account(account)
  if (member === null) {
    throw new CannotDo(`The account ${account} is not in this organisation. Nothing was changed.`)
  }
  if (!member.isActive) {
    throw new CannotDo(
      `The account ${account} (${member.name}) is not active. Nothing was changed.`,
    )
  }
  return member
}

async function lookAt(organization: OrganizationSetUp): Promise<Found[]> {
  const trusted = await organization.trustedServices()
  const found: Found[] = []
  for (const service of teamServices) {
    const isTrusted = trusted.has(service.principal)
    const administrators = await organization.administratorsOf(service.principal)
    found.push({ ...service, isTrusted, administrators })
  }
  return found
}

const administers = ({ administrators }: Found, account: string) =>
  administrators.some(({ accountId }) => accountId === account)

function isFull(service: Found, account: string): boolean {
  if (administers(service, account) || service.administratorsMax === null) return false
  return service.administrators.length >= service.administratorsMax
}

function whyFull({ name, principal, administrators, administratorsMax }: Found, account: string) {
  const others = administrators.map((one) => `${one.accountId} (${one.name})`).join(', ')
  const many =
    administratorsMax === 1
      ? 'only one delegated administrator'
      : `at most ${administratorsMax} delegated administrators`
  const [first] = administrators
  return `${name} can have ${many}, and has ${others}. Nothing was changed. Either run TEAM there ("teamAccount": "${first?.accountId}"), or give the place to ${account}, after asking whoever works in ${first?.accountId}:
  aws organizations deregister-delegated-administrator --account-id ${first?.accountId} --service-principal ${principal}
What that account set up stays; it can no longer change it.`
}

async function setUp(
  organization: OrganizationSetUp,
  service: Found,
  { account, options, progress }: InitAsked,
): Promise<Step[]> {
  const { principal, name } = service
  const dryRun = options.dryRun === true
  if (!service.isTrusted && !dryRun) {
    progress(`Enabling trusted access for ${name}…`)
    await organization.trust(principal)
  }
  const isDelegated = administers(service, account)
  if (!isDelegated && !dryRun) {
    progress(`Registering ${account} for ${name}…`)
    await organization.register(principal, account)
  }
  const outcome = (was: boolean): Done => (was ? 'already' : dryRun ? 'would' : 'done')
  const trust = outcome(service.isTrusted)
  const delegation = outcome(isDelegated)
  return [
    { service: principal, step: 'trusted-access', outcome: trust, text: trustWords[trust](name) },
    {
      service: principal,
      step: 'delegated-administrator',
      outcome: delegation,
      text: delegationWords[delegation](account, name),
    },
  ]
}

const trustWords: Record<Done, (name: string) => string> = {
  already: (name) => `Trusted access for ${name} is already enabled`,
  done: (name) => `Trusted access for ${name} enabled`,
  would: (name) => `Trusted access for ${name} would be enabled`,
}
const delegationWords: Record<Done, (account: string, name: string) => string> = {
  already: (account, name) => `${account} is already configured as delegated Admin for ${name}`,
  done: (account, name) => `${account} configured as delegated Admin for ${name}`,
  would: (account, name) => `${account} would be configured as delegated Admin for ${name}`,
}

function closing(steps: readonly Step[]): string {
  if (steps.some(({ outcome }) => outcome === 'would')) return 'Nothing was changed (--dry-run).'
  if (steps.every(({ outcome }) => outcome === 'already')) return 'Nothing had to be changed.'
  return 'Done. Next: team integration'
}
