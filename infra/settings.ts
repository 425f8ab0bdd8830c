/** What the stack is made of: team.config.json, with everything that it needs there. */

import { CannotDo } from '#server/command-line/shell.ts'
import type { Deployment } from '#server/config-file/deployment.ts'
import { publicUrlOf } from '#server/config-file/read.ts'
import type { TeamConfig } from '#server/config-file/schema.ts'

export interface StackSettings {
  readonly region: string
  readonly publicUrl: string
  readonly adminGroup: string
  readonly auditorGroup: string
  readonly samlMetadataUrl: string
  readonly samlAudience: string | null
  readonly portalUrl: string | null
  readonly emailSource: string | null
  /** Of CloudTrail Lake. */
  readonly eventDataStoreArn: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly deploy: Deployment
}

/** @throws {CannotDo} with a line for each thing that is missing. */
export function stackSettings(config: TeamConfig): StackSettings {
  const missing: string[] = []
  const need = <T>(value: T | undefined, name: string, why: string): T => {
    if (value === undefined) missing.push(`${name} is missing: ${why}`)
    // What is missing is told below, before anybody sees it.
    return value as T
  }
  const settings: StackSettings = {
    region: need(config.region, 'region', 'where TEAM is made'),
    publicUrl: need(publicUrlOf(config), 'publicUrl', 'where people open TEAM'),
    adminGroup: need(config.teamAdminGroup, 'teamAdminGroup', 'who administers TEAM'),
    auditorGroup: need(config.teamAuditorGroup, 'teamAuditorGroup', 'who reads its trail'),
    samlMetadataUrl: need(
      config.samlMetadataUrl,
      'samlMetadataUrl',
      "the address of the metadata of TEAM's application; a file is not taken into a container",
    ),
    samlAudience: config.samlAudience ?? null,
    portalUrl: config.idcLoginUrl ?? null,
    emailSource: config.emailSource ?? null,
    eventDataStoreArn: /:eventdatastore\//.test(config.cloudTrailAuditLogs ?? '')
      ? (config.cloudTrailAuditLogs ?? null)
      : null,
    tags: config.tags ?? {},
    deploy: need(config.deploy, 'deploy', 'what to make in AWS (docs/operate/deploy.md)'),
  }
  if (missing.length > 0) throw new CannotDo(missing.join('\n'))
  const { protocol, port } = new URL(settings.publicUrl)
  if (protocol !== 'https:' || port !== '') {
    throw new CannotDo('publicUrl is not https:// and a host: the load balancer answers there only')
  }
  return settings
}
