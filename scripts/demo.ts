/**
 * `npm run demo`: TEAM with nothing else installed. The sandbox organisation runs as a process of
 * its own, so that it goes on while TEAM is down, as AWS does; everything else is the production
 * server, told by its environment where AWS is.
 */
import { type DemoSandbox, startOrAdoptSandbox, stopSandbox } from './demo-sandbox.ts'
import { demoSecret } from './demo-secret.ts'
import { buildWebIfStale } from './web-build.ts'

const teamGroups = ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers']

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})

async function main(): Promise<void> {
  const port = process.env.PORT ?? '8080'
  const dataDir = process.env.TEAM_DATA_DIR ?? './.team'
  const publicUrl = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`
  const [sandbox, secret] = await Promise.all([
    needsSandbox() ? startOrAdoptSandbox(dataDir) : null,
    demoSecret(dataDir),
    buildWebIfStale(),
  ])
  setDefaults({ LOG_LEVEL: 'warn' })
  setDefaults({ PORT: port, TEAM_DATA_DIR: dataDir, PUBLIC_URL: publicUrl, TEAM_SECRET: secret })
  if (sandbox) await pointAtSandbox(sandbox, publicUrl)

  const { startFromEnvironment } = await import('#server/main.ts')
  const team = await startFromEnvironment(process.env)
  if (sandbox) process.on('SIGINT', () => stopSandbox(dataDir))
  console.log(greeting(team.url, sandbox))
  console.log(`TEAM is ready at ${team.url}`)
}

/** Not where both AWS and the identity provider are somebody else's. */
function needsSandbox(): boolean {
  const { AWS_ENDPOINT_URL, SAML_METADATA_URL, SAML_METADATA_FILE } = process.env
  return !(AWS_ENDPOINT_URL && (SAML_METADATA_URL || SAML_METADATA_FILE))
}

/** What the person has set stands. */
function setDefaults(defaults: Record<string, string>): void {
  for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value
}

async function pointAtSandbox(sandbox: DemoSandbox, publicUrl: string): Promise<void> {
  const { SAML_METADATA_URL, SAML_METADATA_FILE, AWS_ENDPOINT_URL } = process.env
  if (!SAML_METADATA_URL && !SAML_METADATA_FILE) {
    process.env.SAML_METADATA_URL = `${sandbox.url}/saml/metadata/team`
  }
  if (!AWS_ENDPOINT_URL) {
    setDefaults({
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
    })
  }
  setDefaults({
    TEAM_ADMIN_GROUP: 'TEAM admins',
    TEAM_AUDITOR_GROUP: 'TEAM auditors',
    IDC_LOGIN_URL: `${sandbox.url}/start`,
    EMAIL_SOURCE: 'team@example.net',
    SAML_AUDIENCE: `urn:team:${new URL(publicUrl).host}`,
  })
  const registered = await fetch(`${sandbox.url}/_sandbox/applications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'TEAM',
      startUrl: `${publicUrl}/auth/login`,
      acsUrl: `${publicUrl}/auth/saml/acs`,
      audience: process.env.SAML_AUDIENCE,
      attributes: {
        Subject: { value: '${user:subject}', format: 'persistent' },
        Email: { value: '${user:email}', format: 'basic' },
      },
      groups: teamGroups,
    }),
  })
  if (!registered.ok) {
    throw new Error(`The sandbox did not register TEAM: ${await registered.text()}`)
  }
}

function greeting(url: string, sandbox: DemoSandbox | null): string {
  if (!sandbox) return ''
  return `
  Access portal   ${sandbox.url}/start      sign in here, as one of
                    test-admin     makes policies and settings (TEAM admins)
                    test-user      asks for access (TEAM users)
                    sam.carter     approves (TEAM approvers); so does naoko.mori
                    test-auditor   reads everything (TEAM auditors)
  TEAM            ${url}
  Identity Center ${sandbox.url}/console    accounts and assignments, as AWS has them
  Mails           ${sandbox.url}/inbox      what TEAM has sent

  Try, in order: as test-admin make an eligibility policy (TEAM users) and an approver policy
  (TEAM approvers); as test-user create a request; as sam.carter approve it; look at the console.
`
}
