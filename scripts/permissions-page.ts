/** docs/operate/permissions.md, printed from the table that the task's role is made of. */
import { type On, type Permission, permissions } from '#server/aws/permissions.ts'

/** On which resources `infra/role.ts` allows it. */
const places: Readonly<Record<On, string>> = {
  anything: '`*`: AWS offers no resource for it',
  'identity center': 'this instance, its permission sets, accounts',
  'identity store': 'this identity store, its people, groups and memberships',
  organisation: '`*`: read only, and any account or OU may be the target',
  sender: 'the identity of EMAIL_SOURCE, and only with that sender',
  topics: 'the topics in `deploy.topicArns`',
  'trail log group': 'the log group in `deploy.trailLogGroupArn`',
  'trail data store': 'the event data store in `cloudTrailAuditLogs`',
}

const beside = [
  ['`rds-db:connect`', "TEAM's own user of its own database", 'to log in to PostgreSQL by IAM'],
  [
    '`elasticfilesystem:ClientMount`, `ClientWrite`',
    'its own file system, by its access point',
    'to write down each call before it is sent, outside the database',
  ],
  [
    '`kms:Decrypt`',
    'the key of Identity Center, where `deploy.identityCenter.keyArn` names one',
    'AWS asks for it with each call to an instance that is encrypted so',
  ],
]

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

const rowOf = ({ action, operation, on, why }: Permission) =>
  action === null
    ? row([`none (${operation})`, 'AWS answers everybody', why])
    : row([`\`${action}\``, places[on], why])

export function permissionsPage(): string {
  return [
    '# What TEAM may do in AWS',
    '',
    'Printed from `server/aws/permissions.ts`, the table that the role of the deployed task is made',
    'of. A test holds the table to the commands that the adapters send, in both directions: a call',
    'that is not in it, or a permission without a call, fails.',
    '',
    'Two actions change access: `sso:CreateAccountAssignment` and `sso:DeleteAccountAssignment`. No',
    'permission of TEAM changes a permission set, a person, a group or the organisation. What an',
    'installation does not use (topics, session logs, mails) its role may not do.',
    '',
    '| action | on | TEAM calls it |',
    '|---|---|---|',
    ...permissions.map(rowOf),
    '',
    'Beside these calls, deployed by `team deploy`:',
    '',
    '| action | on | needed |',
    '|---|---|---|',
    ...beside.map(row),
    '',
    'The role that starts the task (it is not TEAM) may pull the image, write the log, and read',
    "`TEAM_SECRET` and the password of the database's master user, which only the step before TEAM",
    'gets to see.',
    '',
    'Encrypted topics, trails and log groups with keys of your own need `kms:GenerateDataKey*` and',
    '`kms:Decrypt` in the policies of these keys for the role of the task.',
    '',
    'Not tried on AWS: the actions and their resources are those of the Service Authorization',
    'Reference.',
    '',
  ].join('\n')
}
