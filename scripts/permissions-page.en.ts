import type { PageWords } from './permissions-page.ts'

export const english: PageWords = {
  title: 'What TEAM may do in AWS',
  opening: [
    'Printed from `server/aws/permissions.ts`, the table that the role of the deployed task is made of. A test holds the table to the commands that the adapters send, in both directions: a call that is not in it, or a permission without a call, fails. [日本語](permissions.ja.md)',
    'Two actions change access: `sso:CreateAccountAssignment` and `sso:DeleteAccountAssignment`. No permission of TEAM changes a permission set, a person, a group or the organisation. What an installation does not use (topics, session logs, mails) its role may not do.',
  ],
  columns: ['action', 'on', 'TEAM calls it'],
  places: {
    anything: '`*`: AWS offers no resource for it',
    'identity center': 'this instance, its permission sets, accounts',
    'identity store': 'this identity store, its people, groups and memberships',
    organisation: '`*`: read only, and any account or OU may be the target',
    sender: 'the identity of EMAIL_SOURCE, and only with that sender',
    topics: 'the topics in `deploy.topicArns`',
    'trail log group': 'the log group in `deploy.trailLogGroupArn`',
    'trail data store': 'the event data store in `cloudTrailAuditLogs`',
  },
  reason: (reason) => reason,
  noneNeeded: (operation) => [`none (${operation})`, 'AWS answers everybody'],
  besideOpening: 'Beside these calls, deployed by `team deploy`:',
  besideColumns: ['action', 'on', 'needed'],
  beside: {
    database: ["TEAM's own user of its own database", 'to log in to PostgreSQL by IAM'],
    files: [
      'its own file system, by its access point',
      'to write down each call before it is sent, outside the database',
    ],
    key: [
      'the key of Identity Center, where `deploy.identityCenter.keyArn` names one',
      'AWS asks for it with each call to an instance that is encrypted so',
    ],
  },
  closing: [
    "The role that starts the task (it is not TEAM) may pull the image, write the log, and read `TEAM_SECRET` and the password of the database's master user, which only the step before TEAM gets to see.",
    'Encrypted topics, trails and log groups with keys of your own need `kms:GenerateDataKey*` and `kms:Decrypt` in the policies of these keys for the role of the task.',
    'Not tried on AWS: the actions and their resources are those of the Service Authorization Reference.',
  ],
}
