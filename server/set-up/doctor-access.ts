/** Who TEAM is to AWS, and what it may work on. */
import { type Finding, failed, ok, warning } from './finding.ts'
import { teamServices } from './init.ts'
import { after, hasFailed, look, orAllowed, type Patient } from './patient.ts'

const skewSecondsMax = 60
const skewSecondsNoted = 5
const unreachable = 'Identity Center and delegated administrator'

interface Known {
  accountId: string | null
  managementAccountId: string | null
}

export async function accessChecks(patient: Patient): Promise<Finding[]> {
  const known: Known = { accountId: null, managementAccountId: null }
  const findings = [...(await credentials(patient, known))]
  if (known.accountId === null) {
    const rest = [
      'Identity Center',
      'delegated administrator',
      'administrators',
      'auditors',
      'application',
    ]
    return [...findings, ...rest.map((check) => after(check, 'credentials'))]
  }
  findings.push(...(await instance(patient, known)))
  findings.push(...(await delegation(patient, known)))
  const isReachable =
    !hasFailed(findings, 'Identity Center') && !hasFailed(findings, 'delegated administrator')
  findings.push(...(await groups(patient, isReachable)))
  findings.push(...(isReachable ? await application(patient) : [after('application', unreachable)]))
  return findings
}

async function credentials({ aws, file, profile }: Patient, known: Known) {
  const login = profile === undefined ? 'aws configure' : `aws sso login --profile ${profile}`
  return look('credentials', login, async () => {
    const { accountId, arn, awsTime } = await aws.caller()
    known.accountId = accountId
    const clock = awsTime === null ? [] : [clockAgainst('AWS', awsTime)]
    const { teamAccount } = file
    if (teamAccount !== undefined && teamAccount !== accountId) {
      const wrong = `they are of account ${accountId} (${arn}), and TEAM's account is ${teamAccount}`
      const mend = `name a profile of ${teamAccount} as "teamAccountProfile", or set AWS_PROFILE`
      return [failed('credentials', wrong, mend), ...clock]
    }
    return [ok('credentials', `${arn}`), ...clock]
  })
}

export function clockAgainst(whose: string, theirs: Date): Finding {
  const check = `clock against ${whose}`
  // A `Date` header is cut to the second, and was written a moment ago.
  const seconds = Math.round((Date.now() - theirs.getTime()) / 1000)
  const apart = Math.abs(seconds)
  const text = `this machine is ${apart} s ${seconds > 0 ? 'ahead' : 'behind'}`
  if (apart > skewSecondsMax) {
    const why = whose === 'AWS' ? '; signatures and sign-ins are refused by then' : ''
    return failed(check, `${text}${why}`, 'timedatectl set-ntp true')
  }
  if (apart > skewSecondsNoted) return warning(check, text, 'timedatectl set-ntp true')
  return ok(check, 'within a few seconds')
}

async function instance({ aws, env }: Patient, known: Known) {
  const mend =
    'set "region" (REGION, AWS_REGION) to the Region of IAM Identity Center, and run team init'
  return look('Identity Center', mend, async () => {
    const { instanceArn, primaryRegion, region, managementAccountId } = await aws.instance()
    known.managementAccountId = managementAccountId
    const configured = env.AWS_REGION?.trim() || region
    if (primaryRegion !== null && primaryRegion !== configured) {
      return warning(
        'Identity Center',
        `its primary Region is ${primaryRegion}, and ${configured} is configured; assignments use the primary Region`,
        `set "region" to ${primaryRegion}`,
      )
    }
    return ok('Identity Center', `${instanceArn}, primary Region ${region}`)
  })
}

async function delegation({ aws }: Patient, { accountId, managementAccountId }: Known) {
  const check = 'delegated administrator'
  return look(check, 'team init', async () => {
    const account = accountId ?? ''
    if (account === managementAccountId) {
      return warning(
        check,
        `TEAM runs in the management account ${account}, where it has more rights than it needs`,
        'run it in a member account: "teamAccount" and team init',
      )
    }
    const delegated = await aws.delegatedServices(account)
    if (delegated === null) {
      return failed(
        check,
        `${account} administers no service, or these credentials may not call organizations:ListDelegatedServicesForAccount`,
        orAllowed('team init'),
      )
    }
    const missing = teamServices.filter(({ principal }) => !delegated.includes(principal))
    const named = missing.map(({ name }) => name).join(', ')
    if (missing.some(({ principal }) => principal === 'sso.amazonaws.com')) {
      return failed(check, `${account} is not delegated administrator of ${named}`, 'team init')
    }
    const trusted = await aws.trustedServices()
    const distrusted = teamServices.filter(({ principal }) => !trusted.includes(principal))
    if (distrusted.length > 0) {
      const off = distrusted.map(({ name }) => name).join(', ')
      return failed(check, `trusted access is off for ${off}`, 'team init')
    }
    if (missing.length > 0) {
      return warning(check, `${account} is not delegated administrator of ${named}`, 'team init')
    }
    return ok(check, `${account}, of ${teamServices.map(({ name }) => name).join(', ')}`)
  })
}

async function groups(patient: Patient, isReachable: boolean): Promise<Finding[]> {
  const { env } = patient
  const wanted = [
    { check: 'administrators', variable: 'TEAM_ADMIN_GROUP', field: 'teamAdminGroup' },
    { check: 'auditors', variable: 'TEAM_AUDITOR_GROUP', field: 'teamAuditorGroup' },
  ]
  const findings: Finding[] = []
  for (const { check, variable, field } of wanted) {
    const name = env[variable]?.trim()
    if (!name) {
      findings.push(
        warning(
          check,
          `${variable} is not set, so a first start lets nobody in as such`,
          `set "${field}" (${variable}) to a group of IAM Identity Center`,
        ),
      )
    } else if (isReachable) {
      findings.push(...(await group(patient, { check, name })))
    } else {
      findings.push(after(check, unreachable))
    }
  }
  return findings
}

async function group({ aws }: Patient, { check, name }: { check: string; name: string }) {
  const store = async () => (await aws.instance()).identityStoreId
  return look(check, 'team init', async () => {
    const facts = await aws.group(name)
    if (facts === null) {
      const mend = `aws identitystore create-group --identity-store-id ${await store()} --display-name '${name}'`
      return failed(check, `there is no group ${name} in IAM Identity Center`, mend)
    }
    if (facts.enabled > 0)
      return ok(check, `${name}, ${facts.members} ${facts.members === 1 ? 'member' : 'members'}`)
    const why = facts.members === 0 ? 'has no members' : 'has no member who is enabled'
    const mend = `aws identitystore create-group-membership --identity-store-id ${await store()} --group-id ${facts.groupId} --member-id UserId=USER_ID`
    return failed(check, `the group ${name} ${why}`, mend)
  })
}

/** AWS lists SAML applications though it has no call that makes one. */
async function application({ aws, config }: Patient) {
  const check = 'application'
  if (config === null) return [after(check, 'settings')]
  return look(check, 'team integration', async () => {
    const startUrl = `${config.publicUrl}/auth/login`
    const [first] = await aws.applicationsAt(startUrl)
    if (first !== undefined) return ok(check, `${first}, whose tile leads to ${startUrl}`)
    const text = `no application of IAM Identity Center has the start URL ${startUrl}`
    return failed(check, text, 'team integration, and what it prints in the console')
  })
}
