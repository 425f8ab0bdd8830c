/** Every word of the notices that are not about one request, in both languages side by side. */
import type { DirectoryCounts } from '#server/store/schema.ts'
import type { Access } from './compose-bulletin.ts'
import type { Standing } from './view.ts'

interface Thing {
  readonly type: 'eligibility-policy' | 'approver-policy' | 'setting'
  readonly verb: 'create' | 'update' | 'delete'
  readonly whose: string | null
}

const englishThings: Readonly<Record<Thing['type'], string>> = {
  'eligibility-policy': 'eligibility policy',
  'approver-policy': 'approver policy',
  setting: 'settings',
}
const englishVerbs = { create: 'new', update: 'changed', delete: 'deleted' } as const
const japaneseThings: Readonly<Record<Thing['type'], string>> = {
  'eligibility-policy': '申請資格ポリシー',
  'approver-policy': '承認者ポリシー',
  setting: '設定',
}
const japaneseVerbs = { create: '作成', update: '変更', delete: '削除' } as const

interface Loosened {
  readonly subject: (who: string) => string
  readonly what: string
}

export interface BulletinWords {
  readonly access: (access: Access) => string
  readonly comma: string
  readonly released: {
    readonly subject: (text: { who: string; access: string }) => string
    readonly heading: (text: { who: string; by: string }) => string
    readonly stays: string
    readonly over: string
  }
  readonly rules: Readonly<
    Record<'look' | 'plain' | 'waits' | 'who' | 'why' | 'accepted' | 'until', string>
  > & {
    readonly what: (thing: Thing) => string
    readonly widened: (what: string) => string
    readonly changed: (what: string) => string
    readonly proposed: (what: string) => string
  }
  /** Why access is wider: reasons of policies, and names of settings. */
  readonly wider: Readonly<Record<string, string>>
  readonly loosened: {
    readonly everybody: string
    readonly person_erased: Loosened
    readonly hold_released: Loosened
  }
  readonly held: Readonly<Record<'subject' | 'what' | 'accept' | 'discard', string>>
  readonly hold: Readonly<Record<'subject' | 'what' | 'next', string>>
  readonly late: {
    readonly one: (access: string) => string
    readonly many: (count: number) => string
    readonly own: string
    readonly what: string
    readonly tries: string
    readonly admin: string
    readonly line: (text: {
      who: string
      goneBy: string
      goneAt: string | null
      attempts: number
    }) => string
    readonly aws: (words: string) => string
  }
  readonly semicolon: string
  readonly digest: Readonly<
    Record<
      | 'heading'
      | 'what'
      | 'late'
      | 'failed'
      | 'reviews'
      | 'proposals'
      | 'undelivered'
      | 'refresh'
      | 'creations'
      | 'waits'
      | 'sendAgain'
      | 'recover'
      | 'link',
      string
    >
  > & {
    readonly subject: (at: string) => string
    readonly line: (text: { who: string; access: string }) => string
    readonly more: (count: number) => string
    readonly counted: (text: { label: string; count: number }) => string
  }
  readonly wasLate: {
    readonly one: (access: string) => string
    readonly many: (count: number) => string
    readonly what: string
  }
  readonly kind: Readonly<Record<keyof DirectoryCounts, string>>
  readonly label: Readonly<
    Record<'person' | 'access' | 'by' | 'at' | 'comment' | 'reason' | 'firstUsers' | 'more', string>
  >
  readonly link: Readonly<
    Record<'request' | 'active' | 'ended' | 'directory' | 'trail' | 'rules' | 'proposal', string>
  >
  readonly footer: Readonly<Record<Standing, string>>
}

export const englishBulletins: BulletinWords = {
  access: ({ set, account, accountId }) => `${set} in ${account} (${accountId})`,
  comma: ', ',
  semicolon: '; ',
  digest: {
    subject: (at) => `What waits for administrators, ${at}`,
    heading: 'What waits for administrators',
    what: 'As it is now; what is settled meanwhile is not listed.',
    late: 'Removals that are late',
    failed: 'Requests that failed in the last 24 hours',
    reviews: 'Break-glass not reviewed yet',
    proposals: 'Proposed changes',
    undelivered: 'Notices that did not arrive',
    refresh: 'Directory refresh held',
    creations: 'Nothing is created after a restore',
    waits: 'waiting for a word',
    sendAgain: 'can be sent again',
    recover: 'until the log of intents is replayed',
    link: 'Open TEAM',
    line: ({ who, access }) => `${who}, ${access}`,
    more: (count) => `and ${count} more`,
    counted: ({ label, count }) => `${label} (${count})`,
  },
  released: {
    subject: ({ who, access }) => `Handed over: ${access} for ${who}`,
    heading: ({ who, by }) => `${by} handed over the access of ${who}`,
    stays:
      'The assignment in AWS stays as it is. TEAM no longer holds it and will not remove it; whoever took it over must.',
    over: 'What was granted on it in TEAM is over.',
  },
  rules: {
    what: ({ type, verb, whose }) =>
      `${englishThings[type]}${whose === null ? '' : ` for ${whose}`} (${englishVerbs[verb]})`,
    widened: (what) => `Access is wider: ${what}`,
    changed: (what) => `Changed: ${what}`,
    proposed: (what) => `A wider access is proposed: ${what}`,
    look: 'More people may have more access by this, or more easily. Look whether that is meant.',
    plain: 'Nobody has more access by this.',
    waits: 'Nothing is changed yet. It waits until another administrator accepts it.',
    who: 'Any administrator but the one who proposed it may accept or refuse it.',
    why: 'What is wider',
    accepted: 'Accepted by',
    until: 'Void after',
  },
  wider: {
    created: 'a new policy',
    enabled: 'the policy is enabled',
    subject_changed: 'somebody else is named',
    targets_widened: 'accounts or OUs',
    permission_sets_widened: 'permission sets',
    longer: 'a longer time',
    approval_lowered: 'less approval',
    break_glass: 'break-glass',
    approvers_widened: 'more approvers',
    quorum_lowered: 'fewer approvals',
    exclusive_changed: 'which approvers count',
    maxDurationMinutes: 'a longer maximum',
    extensionAllowed: 'extensions',
    extensionChainFactor: 'longer chains of extensions',
    approvalRequired: 'no approval needed anywhere',
    secondAdmin: 'no second administrator needed',
    adminGroupId: 'another group of administrators',
    auditorGroupId: 'another group of auditors',
    reviewDueHours: 'more time before a review of break-glass is due',
    endOnLostEligibility: 'access stays when its policy is gone',
    slackEnabled: 'decisions in Slack',
    slackToken: 'another token of Slack',
    slackSigningSecret: 'another signing secret of Slack',
  },
  loosened: {
    everybody: 'everybody',
    person_erased: {
      subject: (who) => `Erased: what is kept of the words of ${who}`,
      what: 'Texts of their requests and where they signed in from are gone for good. Who did what, when, and what access there was, stays in the trail, and the trail still verifies.',
    },
    hold_released: {
      subject: (who) => `Legal hold released: ${who}`,
      what: 'From now on retention removes what is old enough, and an administrator may erase.',
    },
  },
  held: {
    subject: 'A directory refresh waits for your word',
    what: 'AWS showed much less than TEAM knows. That may be a bad reading, so TEAM removed nothing, and nobody lost access.',
    accept:
      'If it is right, accept it on the page of the directory: TEAM reads everything once more, and removes what is gone if that is no more than this.',
    discard: 'If it is wrong, discard it, and find out why AWS shows so little.',
  },
  hold: {
    subject: 'TEAM gives no access: its database seems to be an older one',
    what: 'Access that is over is still removed. Requests can be made and decided, but nothing is created in AWS until the log of intents has been replayed.',
    next: 'Where TEAM runs, and with its environment: npm run team -- recover --intents',
  },
  late: {
    one: (access) => `Removal is late: ${access}`,
    many: (count) => `${count} removals are late`,
    own: 'Your access should have ended, and AWS has not confirmed its removal. You need to do nothing; please do not use it.',
    what: 'This access should have ended, and AWS has not confirmed its removal.',
    tries:
      'TEAM goes on trying. If more become late, you are told again, every 15 minutes at most.',
    admin:
      'Where AWS denies the removal, the command that the management account has to run is shown with it.',
    line: ({ who, goneBy, goneAt, attempts }) =>
      [
        `${who}, should have been gone by ${goneBy}`,
        ...(goneAt === null ? [] : [`confirmed gone at ${goneAt}`]),
        `${attempts} failed ${attempts === 1 ? 'attempt' : 'attempts'}`,
      ].join(', '),
    aws: (words) => `AWS: ${words}`,
  },
  wasLate: {
    one: (access) => `Removal was late: ${access}`,
    many: (count) => `${count} removals were late`,
    what: 'This access stayed longer than it was granted for. AWS has confirmed by now that it is gone; the seconds are on the request and in the audit trail.',
  },
  kind: {
    users: 'Users that would go',
    groups: 'Groups that would go',
    memberships: 'Memberships that would go',
    organizationalUnits: 'OUs that would go',
    accounts: 'Accounts that would go',
    permissionSets: 'Permission sets that would go',
  },
  label: {
    person: 'Person',
    access: 'Access',
    by: 'By',
    at: 'At',
    comment: 'Comment',
    reason: 'Reason',
    firstUsers: 'Among the users',
    more: 'And more',
  },
  link: {
    request: 'Open the request',
    active: 'Open active access',
    ended: 'Open ended access',
    directory: 'Open the directory',
    trail: 'Open the audit trail',
    rules: 'Look at it',
    proposal: 'Open the proposal',
  },
  footer: {
    requester: 'You get this mail because it concerns your access.',
    approver: 'You get this mail because you can decide on such access, or have decided.',
    auditor: 'You get this mail because you are an auditor of TEAM.',
    admin: 'You get this mail because you are an administrator of TEAM.',
  },
}

export const japaneseBulletins: BulletinWords = {
  access: ({ set, account, accountId }) => `${account} (${accountId}) / ${set}`,
  comma: '、',
  semicolon: '、',
  digest: {
    subject: (at) => `管理者の対応が必要な項目 (${at})`,
    heading: '管理者の対応が必要な項目',
    what: '現在の状況です。すでに解決したものは含みません。',
    late: '遅れている削除',
    failed: '過去 24 時間に失敗した申請',
    reviews: '事後確認待ちの緊急アクセス',
    proposals: '提案された変更',
    undelivered: '届かなかった通知',
    refresh: '保留中のディレクトリ更新',
    creations: '復元後のため、アクセスを付与していません',
    waits: '管理者の判断を待っています',
    sendAgain: '再送できます',
    recover: '操作の記録を再生するまで続きます',
    link: 'TEAM を開く',
    line: ({ who, access }) => `${who} (${access})`,
    more: (count) => `ほか ${count} 件`,
    counted: ({ label, count }) => `${label} (${count} 件)`,
  },
  released: {
    subject: ({ who, access }) => `TEAM の管理から外されました: ${who} さんの ${access}`,
    heading: ({ who, by }) => `${by} さんが ${who} さんのアクセスを TEAM の管理から外しました`,
    stays:
      'AWS の割り当てはそのまま残ります。TEAM はこれを管理せず、削除もしません。引き継いだ方が削除する必要があります。',
    over: 'TEAM での許可は終了しました。',
  },
  rules: {
    what: ({ type, verb, whose }) =>
      `${japaneseThings[type]}${whose === null ? '' : ` (対象: ${whose})`}の${japaneseVerbs[verb]}`,
    widened: (what) => `アクセスの範囲が広がりました: ${what}`,
    changed: (what) => `変更されました: ${what}`,
    proposed: (what) => `アクセスの範囲を広げる変更が提案されました: ${what}`,
    look: 'この変更により、アクセスできる人や範囲が増えるか、申請が通りやすくなります。意図した変更か確認してください。',
    plain: 'この変更でアクセスの範囲は広がりません。',
    waits: 'まだ何も変更されていません。別の管理者が承認するまで待機します。',
    who: '提案した本人以外の管理者が承認または却下できます。',
    why: '広がる点',
    accepted: '承認した人',
    until: '有効期限',
  },
  wider: {
    created: '新しいポリシー',
    enabled: 'ポリシーの有効化',
    subject_changed: '対象者の変更',
    targets_widened: 'アカウントまたは OU',
    permission_sets_widened: '許可セット',
    longer: '最長時間の延長',
    approval_lowered: '承認条件の緩和',
    break_glass: '緊急アクセス',
    approvers_widened: '承認者の追加',
    quorum_lowered: '必要な承認数の減少',
    exclusive_changed: '有効な承認者の変更',
    maxDurationMinutes: '最長時間の延長',
    extensionAllowed: '延長の許可',
    extensionChainFactor: '延長の合計時間の増加',
    approvalRequired: '全体で承認が不要',
    secondAdmin: '2 人目の管理者が不要',
    adminGroupId: '管理者グループの変更',
    auditorGroupId: '監査者グループの変更',
    reviewDueHours: '緊急アクセスの事後確認の期限の延長',
    endOnLostEligibility: '資格を失ってもアクセスが継続',
    slackEnabled: 'Slack での承認と却下',
    slackToken: 'Slack のトークンの変更',
    slackSigningSecret: 'Slack の署名シークレットの変更',
  },
  loosened: {
    everybody: '全員',
    person_erased: {
      subject: (who) => `記録を消去しました: ${who}`,
      what: '申請に書かれた文章とサインイン元の記録を完全に消去しました。誰がいつ何をしたか、どのアクセスがあったかは監査証跡に残り、検証もできます。',
    },
    hold_released: {
      subject: (who) => `訴訟ホールドを解除しました: ${who}`,
      what: '今後は、保存期間を過ぎた記録が削除され、管理者による消去もできるようになります。',
    },
  },
  held: {
    subject: 'ディレクトリの更新が判断を待っています',
    what: 'AWS から読み取った内容が、TEAM の把握より大幅に少なくなっています。読み取りの異常の可能性があるため、何も削除していません。アクセスを失った人はいません。',
    accept:
      '内容が正しい場合は、ディレクトリのページで承認してください。もう一度すべてを読み取り、なくなったものがこの範囲内であれば反映します。',
    discard: '内容が誤っている場合は破棄し、AWS の応答が少ない原因を確認してください。',
  },
  hold: {
    subject: 'TEAM はアクセスを付与していません: データベースが古い可能性があります',
    what: '終了したアクセスの削除は続いています。申請と承認はできますが、操作の記録を再生するまで AWS には何も作成しません。',
    next: 'TEAM が動いている環境で実行してください: npm run team -- recover --intents',
  },
  late: {
    one: (access) => `削除が遅れています: ${access}`,
    many: (count) => `${count} 件の削除が遅れています`,
    own: 'あなたのアクセスは終了していますが、AWS での削除をまだ確認できていません。操作は不要です。このアクセスは使わないでください。',
    what: '次のアクセスは終了していますが、AWS での削除をまだ確認できていません。',
    tries: 'TEAM は削除を試み続けます。遅れが増えた場合は、15 分以上の間隔で再度お知らせします。',
    admin: 'AWS が削除を拒否している場合は、管理アカウントで実行するコマンドを併せて示します。',
    line: ({ who, goneBy, goneAt, attempts }) =>
      [
        `${who} さん`,
        `終了予定 ${goneBy}`,
        ...(goneAt === null ? [] : [`削除の確認 ${goneAt}`]),
        `失敗した試行 ${attempts} 回`,
      ].join('、'),
    aws: (words) => `AWS の応答: ${words}`,
  },
  wasLate: {
    one: (access) => `削除が遅れました: ${access}`,
    many: (count) => `${count} 件の削除が遅れました`,
    what: '次のアクセスは、許可された時間を超えて残っていました。AWS での削除は確認済みです。超過した秒数は申請と監査証跡に記録されています。',
  },
  kind: {
    users: '対象のユーザー数',
    groups: '対象のグループ数',
    memberships: '対象の所属数',
    organizationalUnits: '対象の OU 数',
    accounts: '対象のアカウント数',
    permissionSets: '対象の許可セット数',
  },
  label: {
    person: '利用者',
    access: 'アクセス',
    by: '操作した人',
    at: '日時',
    comment: 'コメント',
    reason: '理由',
    firstUsers: '対象のユーザー (一部)',
    more: 'ほか',
  },
  link: {
    request: '申請を開く',
    active: '利用中のアクセスを開く',
    ended: '終了したアクセスを開く',
    directory: 'ディレクトリを開く',
    trail: '監査証跡を開く',
    rules: '内容を確認',
    proposal: '提案を開く',
  },
  footer: {
    requester: 'あなたのアクセスに関するお知らせです。',
    approver: 'このアクセスの承認者、または対応済みの方へのお知らせです。',
    auditor: 'TEAM の監査者へのお知らせです。',
    admin: 'TEAM の管理者へのお知らせです。',
  },
}
