/**
 * The sample's `parameters.sh`, read as text and never executed: assignments, comments, quotes.
 * Anything that a shell would have to work out (a command, a variable, a substitution) is refused by
 * its line, because to guess its value would be worse.
 */

/** How its variables are called in team.config.json; null: not used here, for the reason given. */
const names: Readonly<Record<string, string | { readonly unused: string }>> = {
  IDC_LOGIN_URL: 'idcLoginUrl',
  REGION: 'region',
  TEAM_ACCOUNT: 'teamAccount',
  ORG_MASTER_PROFILE: 'orgMasterProfile',
  TEAM_ACCOUNT_PROFILE: 'teamAccountProfile',
  TEAM_ADMIN_GROUP: 'teamAdminGroup',
  TEAM_AUDITOR_GROUP: 'teamAuditorGroup',
  TAGS: 'tags',
  CLOUDTRAIL_AUDIT_LOGS: 'cloudTrailAuditLogs',
  UI_DOMAIN: 'uiDomain',
  EMAIL_SOURCE: 'emailSource',
  SECRET_NAME: { unused: 'nothing is built from a repository' },
  CACHE_TTL: { unused: 'accounts of an OU are not cached' },
}

export interface Parameters {
  /** As team.config.json would have it, unchecked. */
  readonly config: Readonly<Record<string, unknown>>
  /** What was read and means nothing here. */
  readonly notes: readonly string[]
  readonly mistakes: readonly string[]
}

export function parseParameters(text: string): Parameters {
  const config: Record<string, unknown> = {}
  const notes: string[] = []
  const mistakes: string[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const read = readLine(line)
    if (read === null) continue
    if ('wrong' in read) {
      mistakes.push(`line ${index + 1} ${read.wrong}`)
      continue
    }
    const known = names[read.name]
    if (known === undefined) {
      notes.push(`${read.name} (line ${index + 1}) is not a parameter of TEAM and is left out`)
    } else if (typeof known === 'object') {
      notes.push(`${read.name} is not used: ${known.unused}`)
    } else if (read.value !== '') {
      config[known] = known === 'tags' ? readTags(read.value) : read.value
    }
  }
  return { config, notes, mistakes }
}

type Line = { readonly name: string; readonly value: string } | { readonly wrong: string }

function readLine(line: string): Line | null {
  const rest = line.trim()
  if (rest === '' || rest.startsWith('#')) return null
  const [, name = '', assigned] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(rest) ?? []
  if (assigned === undefined) {
    return { wrong: 'is not NAME=value; commands are not executed' }
  }
  const value = readWord(assigned)
  return typeof value === 'string' ? { name, value } : value
}

const unsafe = /[$`]/

/** One word of a shell: bare, in quotes, or several of these side by side. */
function readWord(text: string): string | { readonly wrong: string } {
  let value = ''
  let rest = text
  while (rest !== '' && !/^\s/.test(rest)) {
    const piece = /^'([^']*)'|^"((?:[^"\\]|\\.)*)"|^((?:[^\s'"\\;&|<>()]|\\.)+)/.exec(rest)
    if (piece === null) return { wrong: 'has quotes that do not close, or signs of a command' }
    const [all, single, double, bare] = piece
    const expanded = double ?? bare ?? ''
    if (unsafe.test(expanded.replaceAll(/\\./g, ''))) {
      return { wrong: 'needs a shell to be worked out ($ or `); write the value itself' }
    }
    const escapes = double === undefined ? /\\(.)/g : /\\(["$`\\])/g
    value += single ?? expanded.replaceAll(escapes, '$1')
    rest = rest.slice(all.length)
  }
  const after = rest.trim()
  if (after !== '' && !after.startsWith('#')) {
    return { wrong: 'has more than one word; commands are not executed' }
  }
  return value
}

/** `project=iam-identity-center-team environment=prod`; what has no `=` is left for the schema to refuse. */
function readTags(value: string): unknown {
  const words = value.split(/\s+/).filter((word) => word !== '')
  if (words.some((word) => word.indexOf('=') < 1)) return value
  return Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  )
}
