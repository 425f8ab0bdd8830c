/**
 * `team integration`: what is typed into IAM Identity Center's console, where SAML applications are
 * made and nowhere else. Asks AWS nothing.
 */
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo } from '#server/command-line/shell.ts'
import { readConfigFile, withFile } from '#server/config-file/read.ts'
import { parsePublicUrl } from '#server/config-values.ts'

export interface IntegrationOptions {
  readonly config?: string
}

export interface Integration {
  readonly applicationStartURL: string
  readonly applicationACSURL: string
  readonly applicationSAMLAudience: string
  readonly attributes: Readonly<Record<'Subject' | 'Email', { value: string; format: string }>>
}

export const attributeMappings: Integration['attributes'] = {
  Subject: { value: '${user:subject}', format: 'persistent' },
  Email: { value: '${user:email}', format: 'basic' },
}

export function integrationOf(publicUrl: string, audience: string | undefined): Integration {
  return {
    applicationStartURL: `${publicUrl}/auth/login`,
    applicationACSURL: `${publicUrl}/auth/saml/acs`,
    applicationSAMLAudience: audience ?? `urn:team:${new URL(publicUrl).host}`,
    attributes: attributeMappings,
  }
}

export async function runIntegration({
  shell,
  options,
}: Asked<IntegrationOptions>): Promise<Answer> {
  const { config } = await readConfigFile(shell, options.config)
  const env = withFile(shell.env, config)
  const given = env.PUBLIC_URL?.trim()
  if (!given) {
    throw new CannotDo(
      'Say where people will open TEAM: "publicUrl": "https://team.example.com" in team.config.json, UI_DOMAIN=team.example.com in parameters.sh, or PUBLIC_URL.',
    )
  }
  const parsed = parsePublicUrl(given)
  if ('wrong' in parsed) throw new CannotDo(`PUBLIC_URL ${parsed.wrong} (it is "${given}").`)
  const integration = integrationOf(parsed.value, env.SAML_AUDIENCE?.trim() || undefined)
  const consoleUrl = consoleOf(env.AWS_REGION)
  const text = inWords(integration, { consoleUrl, groups: groupsOf(env) })
  return { code: 0, json: { ...integration, consoleUrl }, text }
}

function consoleOf(region: string | undefined): string {
  return region === undefined
    ? 'https://console.aws.amazon.com/singlesignon/home'
    : `https://${region}.console.aws.amazon.com/singlesignon/home?region=${region}`
}

function groupsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return [env.TEAM_ADMIN_GROUP, env.TEAM_AUDITOR_GROUP].flatMap((name) => (name ? [name] : []))
}

function inWords(
  integration: Integration,
  { consoleUrl, groups }: { consoleUrl: string; groups: readonly string[] },
): string {
  const mappings = Object.entries(integration.attributes).map(
    ([name, { value, format }]) => `     ${name.padEnd(8)} ${value.padEnd(16)} ${format}`,
  )
  const others = [...groups, 'the groups of those who ask and who approve']
  return `applicationStartURL:      ${integration.applicationStartURL}
applicationACSURL:        ${integration.applicationACSURL}
applicationSAMLAudience:  ${integration.applicationSAMLAudience}

By hand, once, as an administrator of IAM Identity Center (SAML applications can only be made in the console):
  1. Open ${consoleUrl}
     and there Applications › Customer managed › Add application › I have an application I want to
     set up › SAML 2.0. Display name: TEAM.
  2. Copy the address of the "IAM Identity Center SAML metadata file".
  3. Application properties: the start URL above. Application metadata › Manually type your metadata
     values: the ACS URL and the audience above. Submit.
  4. Actions › Edit attribute mappings:
${mappings.join('\n')}
  5. Assign users and groups: ${others.join(', ')}.
Then, with the address of step 2: team idp --metadata-url ADDRESS`
}
