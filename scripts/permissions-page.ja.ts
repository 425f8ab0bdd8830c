import type { Reason } from '#server/aws/permissions.ts'
import type { PageWords } from './permissions-page.ts'

const reasons: Readonly<Record<Reason, string>> = {
  'to begin a grant': '付与を始める',
  'to end a grant, and what nobody should have':
    '付与を終える。誰も持つべきでないアクセスを取り除く',
  'to look who really holds a target': '対象を実際に誰が持っているかを見る',
  'to follow all creations in flight by one list every 0.6 s':
    '進行中の作成をまとめて、0.6 秒に 1 回の一覧で追う',
  'to follow all deletions in flight by one list every 0.6 s':
    '進行中の削除をまとめて、0.6 秒に 1 回の一覧で追う',
  'to learn how a creation ended': '作成の結果を知る',
  'to learn how a deletion ended': '削除の結果を知る',
  'to find the instance and its primary Region': 'インスタンスとそのプライマリリージョンを見つける',
  'to read the directory': 'ディレクトリを読む',
  'for its name, description and session duration, and to see that it is gone':
    '名前、説明、セッション時間を読む。なくなったことを確かめる',
  'to leave out what the management account uses, and to find drift':
    '管理アカウントで使われているものを除く。ドリフトを見つける',
  'to see whether a permission set is used in the management account':
    '許可セットが管理アカウントで使われているかを確かめる',
  'to show what a permission set allows, and how risky it is':
    '許可セットで何ができるか、どれほど危険かを示す',
  'to show what a permission set allows': '許可セットで何ができるかを示す',
  'to read the directory, and to find a person by address':
    'ディレクトリを読む。メールアドレスから人を見つける',
  'to read who is in the groups that policies name': 'ポリシーに書かれたグループに誰がいるかを読む',
  'to find the person who signs in': 'サインインした人を見つける',
  'to see, within a minute, that a person is still there':
    'その人が今もいることを、1 分以内に確かめる',
  'to see that a group is really gone before it is believed':
    'グループがなくなったとみなす前に、本当にないかを確かめる',
  "to confirm a person's groups when they sign in and decide":
    'サインインや判断のときに、その人のグループを確かめる',
  'to confirm that approvers still belong': '承認者が今もグループにいることを確かめる',
  'to know the management account, which is never offered':
    '申請の対象にしない管理アカウントを知る',
  'to read the tree of accounts': 'アカウントの階層を読む',
  'to see where an account is now, before a grant is made by its OU':
    'OU にもとづいて付与する前に、アカウントが今どこにあるかを確かめる',
  'to see that an account is there and active': 'アカウントが存在し、有効であることを確かめる',
  'to say in the log and in `team doctor` who it is':
    'どの認証情報で動いているかを、ログと `team doctor` に示す',
  'to tell people by mail': 'メールで知らせる',
  "to warn when SES is in its sandbox or near the day's quota":
    'SES がサンドボックスのままのとき、一日の上限に近いときに警告する',
  'to tell by a topic, where one is set': 'トピックが設定されていれば、そこへ知らせる',
  'to read what was done with an access': 'アクセスで何がされたかを読む',
  'to stop a query that nobody waits for any more': '誰も待たなくなったクエリを止める',
}

export const japanese: PageWords = {
  title: 'TEAM が AWS で行えること',
  opening: [
    '`server/aws/permissions.ts` の表から作ったページです。デプロイしたタスクのロールも同じ表から作ります。表とアダプターが送るコマンドとを、テストが両方向に突き合わせています。表にない呼び出しも、呼び出しのない権限も、テストで落ちます。[English](permissions.md)',
    'アクセスを変えるアクションは `sso:CreateAccountAssignment` と `sso:DeleteAccountAssignment` の二つだけです。許可セット、人、グループ、組織を変える権限はありません。使わない機能(トピック、セッションログ、メール)の権限は、ロールに付きません。',
  ],
  columns: ['アクション', 'リソース', '呼び出す目的'],
  places: {
    anything: '`*`: AWS がリソースの指定を受け付けない',
    'identity center': 'このインスタンスとその許可セット、アカウント',
    'identity store': 'このアイデンティティストアと、そのユーザー、グループ、メンバーシップ',
    organisation: '`*`: 読み取りのみ。どのアカウントも OU も対象になりうる',
    sender: '`EMAIL_SOURCE` のアイデンティティ。そのアドレスが差出人のときだけ',
    topics: '`deploy.topicArns` のトピック',
    'trail log group': '`deploy.trailLogGroupArn` のロググループ',
    'trail data store': '`cloudTrailAuditLogs` のイベントデータストア',
  },
  reason: (reason) => reasons[reason],
  noneNeeded: (operation) => [`不要(${operation})`, 'AWS は誰にでも答える'],
  besideOpening: '`team deploy` で導入したときは、ほかに次の権限があります。',
  besideColumns: ['アクション', 'リソース', '必要な理由'],
  beside: {
    database: [
      'TEAM 専用のデータベースの、TEAM 専用のユーザー',
      'IAM で PostgreSQL にログインする',
    ],
    files: [
      'TEAM 専用のファイルシステム。専用のアクセスポイントから',
      '呼び出しを送る前に、一つずつデータベースの外に書き残す',
    ],
    key: [
      '`deploy.identityCenter.keyArn` があれば、その Identity Center の鍵',
      'この鍵で暗号化されたインスタンスでは、呼び出しのたびに AWS が求める',
    ],
  },
  closing: [
    'タスクを起動するロールは TEAM のものではありません。イメージを取得し、ログを書き、`TEAM_SECRET` とデータベースのマスターユーザーのパスワードを読めます。このパスワードが渡るのは、TEAM の前に動く準備の手順だけです。',
    'トピック、証跡、ロググループを自前の鍵で暗号化しているときは、その鍵のポリシーで、タスクのロールに `kms:GenerateDataKey*` と `kms:Decrypt` を許可してください。',
    '**AWS では試していません。** アクションとリソースは、AWS のサービス認可リファレンスに従っています。',
  ],
}
