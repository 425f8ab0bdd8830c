/** How near AWS's quotas the organisation is, and how long sessions outlive their access. */
import type { PermissionSetFacts } from '#server/aws/prerequisites.ts'
import { type Finding, ok, warning } from './finding.ts'
import { after, hasFailed, look, type Patient } from './patient.ts'

/** IAM Identity Center user guide, "Quotas"; all of them can be raised. */
const permissionSetsMax = 3_500
const accountsMax = 3_000
const headroom = 0.9

const sessionMinutesNoted = 60
const named = 5
const toldEvery = 50

export async function limitChecks(
  patient: Patient,
  before: readonly Finding[],
): Promise<readonly Finding[]> {
  const cannot = ['credentials', 'Identity Center', 'delegated administrator'].find((check) =>
    hasFailed(before, check),
  )
  if (cannot !== undefined) {
    return [after('quotas', cannot), after('session durations', cannot)]
  }
  const { aws, progress } = patient
  return look('quotas', 'team init', async () => {
    const accounts = await aws.accounts()
    const sets = await aws.permissionSets((done, all) => {
      if (all > toldEvery && done % toldEvery === 0) {
        progress(`Reading permission sets: ${done} of ${all}…`)
      }
    })
    const { instanceArn } = await aws.instance()
    return [quotas(accounts, sets.length), sessions(sets, instanceArn)]
  })
}

function quotas(accounts: number, sets: number): Finding {
  const used = [
    { what: 'permission sets', count: sets, max: permissionSetsMax },
    { what: 'accounts', count: accounts, max: accountsMax },
  ]
  const text = used.map(({ what, count, max }) => `${count} of ${max} ${what}`).join(', ')
  if (used.every(({ count, max }) => count < max * headroom)) return ok('quotas', text)
  return warning('quotas', text, 'ask for a higher quota of IAM Identity Center in Service Quotas')
}

function sessions(sets: readonly PermissionSetFacts[], instanceArn: string): Finding {
  const long = sets
    .filter(({ sessionMinutes }) => sessionMinutes > sessionMinutesNoted)
    .sort((a, b) => b.sessionMinutes - a.sessionMinutes)
  if (long.length === 0)
    return ok('session durations', `none is longer than ${sessionMinutesNoted} minutes`)
  const shown = long
    .slice(0, named)
    .map(({ name, sessionMinutes }) => `${name} (${sessionMinutes} minutes)`)
  const others = long.length > named ? ` and ${long.length - named} others` : ''
  return warning(
    'session durations',
    `a session outlives its access by up to its duration: ${shown.join(', ')}${others}`,
    `aws sso-admin update-permission-set --instance-arn ${instanceArn} --permission-set-arn ${long[0]?.arn} --session-duration PT1H`,
  )
}
