/** What an installation brings: mail, the identity provider, the database, the log source. */

import type { AccountId, UserId } from '#core/ids.ts'
import { type LogLocation, parseLogLocation } from '#core/session-log.ts'
import { logRecordsMax } from '#server/audit/session-logs/source.ts'
import { createInsightsLog } from '#server/aws/insights-log.ts'
import { createLakeLog } from '#server/aws/lake-log.ts'
import type { Config, MetadataSource } from '#server/config.ts'
import type { Connection } from '#server/store/database.ts'
import { serverVersionMin } from '#server/store/migrate.ts'
import { type DatabaseFacts, probeDatabase } from '#server/store/probe.ts'
import { connectionOf } from '#server/wiring/storage.ts'
import { clockAgainst } from './doctor-access.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import { placeOf, readMetadata } from './idp.ts'
import { checkMetadata, dayOf } from './metadata-check.ts'
import { after, hasFailed, look, type Patient } from './patient.ts'

export async function installationChecks(
  patient: Patient,
  before: readonly Finding[],
): Promise<Finding[]> {
  const isKnown = !hasFailed(before, 'credentials')
  const unknown = (check: string) => after(check, 'credentials')
  const mail = isKnown
    ? await mailChecks(patient)
    : [unknown('mail sender'), unknown('mail account')]
  const metadata = await metadataCheck(patient)
  const { findings, facts } = await databaseChecks(patient)
  const log = isKnown ? await logCheck(patient, facts) : [unknown('log source')]
  return [...mail, ...metadata, ...findings, ...log]
}

async function mailChecks({ aws, env }: Patient): Promise<readonly Finding[]> {
  const source = env.EMAIL_SOURCE?.trim()
  if (!source) {
    const mend = 'set "emailSource" (EMAIL_SOURCE) to an address that Amazon SES has verified'
    return [warning('mail sender', 'EMAIL_SOURCE is not set, so no mails are sent', mend)]
  }
  const domain = source.slice(source.lastIndexOf('@') + 1)
  const create = `aws sesv2 create-email-identity --email-identity ${domain}`
  const sender = await look('mail sender', create, async () => {
    const states = [await aws.emailIdentity(source), await aws.emailIdentity(domain)]
    if (states.includes('verified')) return ok('mail sender', `${source} is verified by Amazon SES`)
    if (states.includes('pending')) {
      const mend = `publish the DNS records of aws sesv2 get-email-identity --email-identity ${domain}`
      return failed('mail sender', `Amazon SES has not verified ${source} or ${domain} yet`, mend)
    }
    return failed('mail sender', `Amazon SES knows neither ${source} nor ${domain}`, create)
  })
  const account = await look('mail account', 'aws sesv2 get-account', async () => {
    const { hasProductionAccess, isSending, perDay, sentToday } = await aws.mailAccount()
    if (!isSending) {
      const mend = 'aws sesv2 put-account-sending-attributes --sending-enabled'
      return failed('mail account', 'Amazon SES has paused sending', mend)
    }
    if (!hasProductionAccess) {
      const mend = `aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url ${env.PUBLIC_URL ?? 'URL'}`
      return warning(
        'mail account',
        'Amazon SES is in its sandbox: mails go to verified addresses only',
        mend,
      )
    }
    if (sentToday > perDay * 0.8) {
      const mend = 'ask for a higher sending quota of Amazon SES in Service Quotas'
      return warning('mail account', `${sentToday} of ${perDay} mails were sent in 24 hours`, mend)
    }
    return ok('mail account', `in production, ${sentToday} of ${perDay} mails sent in 24 hours`)
  })
  return [...sender, ...account]
}

async function metadataCheck({ env }: Patient): Promise<readonly Finding[]> {
  const { SAML_METADATA_URL: url, SAML_METADATA_FILE: path } = env
  const source: MetadataSource | null = url
    ? { kind: 'url', url }
    : path
      ? { kind: 'file', path }
      : null
  const mend =
    'team idp --metadata-url ADDRESS, with the address that IAM Identity Center shows on the application'
  if (source === null) return [failed('SAML metadata', 'its address is not known', mend)]
  return look('SAML metadata', mend, async () => {
    const { metadata, certificates, warnings } = checkMetadata(
      await readMetadata(source),
      new Date(),
    )
    const [first] = warnings
    if (first !== undefined)
      return warning('SAML metadata', first, `team idp, with the metadata of ${placeOf(source)}`)
    const last = certificates
      .map(({ notAfter }) => notAfter)
      .sort((a, b) => b.getTime() - a.getTime())[0]
    const until = last === undefined ? '' : `, certificate until ${dayOf(last)}`
    return ok('SAML metadata', `${metadata.entityId}${until}`)
  })
}

async function databaseChecks({ config, env, profile }: Patient) {
  const read: { facts: DatabaseFacts | null } = { facts: null }
  const url = config?.databaseUrl ?? (env.DATABASE_URL?.trim() || null)
  if (config === null && env.DATABASE_AUTH?.trim() === 'iam') {
    return { findings: [after('database', 'settings')], facts: null }
  }
  if (url === null) {
    const folder = env.TEAM_DATA_DIR?.trim() || './.team'
    const text = `the embedded PostgreSQL under ${folder}; for more than one copy, set DATABASE_URL`
    return { findings: [ok('database', text)], facts: null }
  }
  const mend =
    'psql with the DATABASE_URL of the server says the same; mend host, name, user or network'
  const findings = await look('database', mend, async () => {
    const facts = await probeDatabase(await connectionFor({ url, config, profile }))
    read.facts = facts
    return [databaseFinding(facts), clockAgainst('the database', facts.now)]
  })
  return { findings, facts: read.facts }
}

/** By password or by IAM, as the server would. */
async function connectionFor(about: {
  url: string
  config: Config | null
  profile: string | undefined
}): Promise<Connection> {
  const { url, config, profile } = about
  if (config?.databaseAuth !== 'iam') return url
  // The signer of tokens finds its credentials as every AWS SDK does.
  if (profile !== undefined) process.env.AWS_PROFILE ??= profile
  return connectionOf(config)
}

function databaseFinding(facts: DatabaseFacts): Finding {
  const { version, versionNumber, isEncrypted, isLocal, migrations } = facts
  if (versionNumber < serverVersionMin) {
    const wanted = Math.floor(serverVersionMin / 10_000)
    return failed('database', `PostgreSQL is ${version}`, `use PostgreSQL ${wanted} or later`)
  }
  const forbidden = forbiddenIn(facts)
  if (forbidden !== null) return forbidden
  if (!isEncrypted && !isLocal) {
    return failed(
      'database',
      'the connection is not encrypted',
      'add ?sslmode=verify-full to DATABASE_URL',
    )
  }
  const schema =
    migrations === null ? 'empty; the first start makes the schema' : `${migrations} migrations`
  return ok('database', `PostgreSQL ${version}${isEncrypted ? ', encrypted' : ''}, ${schema}`)
}

/** Whoever owns the database may do both. */
function forbiddenIn({ mayMigrate, mayMakeTables }: DatabaseFacts): Finding | null {
  const owner = 'alter database NAME owner to USER'
  if (!mayMigrate) {
    return failed(
      'database',
      'its user may not make the schema',
      `${owner}, or grant create on database NAME to USER`,
    )
  }
  if (mayMakeTables) return null
  return failed(
    'database',
    'its user may not make tables in the schema public',
    `${owner}, or in that database grant create on schema public to USER`,
  )
}

async function logCheck(
  patient: Patient,
  facts: DatabaseFacts | null,
): Promise<readonly Finding[]> {
  const check = 'log source'
  const place = logPlace(patient, facts)
  if (place === null) {
    return [ok(check, 'none is set; grants show no log of what was done')]
  }
  if (place === 'malformed') {
    return [
      failed(
        check,
        'the setting names no log group and no event data store',
        'Settings › Session logs',
      ),
    ]
  }
  const mend =
    place.source === 'cloudtrail_lake'
      ? `aws cloudtrail get-event-data-store --event-data-store ${place.eventDataStoreId} --region ${place.region}, by the server's credentials`
      : `aws logs describe-log-groups --log-group-name-pattern ${place.logGroup}, by the server's credentials`
  return look(check, mend, async () => {
    const { clients } = patient
    const options = { clients, recordsMax: logRecordsMax }
    const source =
      place.source === 'cloudtrail_lake'
        ? createLakeLog(place, options)
        : createInsightsLog(place, options)
    const to = new Date()
    const from = new Date(to.getTime() - 60_000)
    const started = await source.start({
      // Of nobody: what counts is whether AWS takes the query.
      criteria: {
        userId: '00000000-0000-0000-0000-000000000000' as UserId,
        userName: 'team-doctor',
        accountId: '000000000000' as AccountId,
        permissionSetName: 'TeamDoctor',
        from,
        to,
      },
      arrivedBy: to,
    })
    if (!started.ok) return failed(check, started.message, mend)
    await source.cancel(started.value)
    const where = place.source === 'cloudtrail_lake' ? place.eventDataStoreId : place.logGroup
    return ok(check, `${where} takes queries`)
  })
}

/** The setting of administrators; until somebody has made it, the event data store of the file. */
function logPlace(
  { file }: Patient,
  facts: DatabaseFacts | null,
): LogLocation | 'malformed' | null {
  const set = facts?.logSource ?? null
  if (set !== null) return parseLogLocation(set.source, set.location) ?? 'malformed'
  const { cloudTrailAuditLogs } = file
  if (cloudTrailAuditLogs === undefined || !cloudTrailAuditLogs.startsWith('arn:')) return null
  return parseLogLocation('cloudtrail_lake', cloudTrailAuditLogs) ?? 'malformed'
}
