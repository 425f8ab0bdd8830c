/** What Slack says beside the letter, in both languages side by side. */
import type { Locale } from '#server/notify/email/moment.ts'

export interface SlackWords {
  readonly approve: string
  readonly reject: string
  readonly comment: string
  readonly approvedByYou: string
  readonly rejectedByYou: string
  readonly open: string
  /** By the code of a refusal. */
  readonly refused: Readonly<Record<string, string>>
  readonly refusedOtherwise: string
  readonly nothingRecorded: string
}

export const slackWords: Readonly<Record<Locale, SlackWords>> = {
  en: {
    approve: 'Approve',
    reject: 'Reject',
    comment: 'Comment',
    approvedByYou: 'You approved this.',
    rejectedByYou: 'You rejected this.',
    open: 'Open the request',
    refused: {
      own_request: 'You asked for this, so someone else must decide.',
      already_decided: 'This is already decided.',
      already_voted: 'You have already decided on this.',
      not_pending: 'This request does not wait for approval any more.',
      not_allowed: 'You cannot decide on this request.',
      not_found: 'There is no such request that you may see.',
      comment_required: 'A comment is required. Write it above the buttons.',
      text_malformed: 'The comment has characters that are not allowed.',
      unconfirmed_with_aws: 'AWS could not confirm you as an approver. Try again in a minute.',
      person_disabled: 'You are disabled in the directory.',
      no_longer_eligible: 'The requester may no longer have this access.',
      slack_unknown: 'TEAM knows nobody with your verified e-mail address in Slack.',
      slack_ambiguous: 'Several people in the directory have your e-mail address.',
      slack_foreign: 'Only members of the workspace that TEAM is installed in can decide here.',
      slack_own_secret:
        'Whoever asked for this has set a secret of Slack, so decide on it in TEAM.',
      slack_late: 'This took too long to reach TEAM. Click again.',
    },
    refusedOtherwise: 'TEAM refused this. Open the request to see why.',
    nothingRecorded: 'Nothing was recorded.',
  },
  ja: {
    approve: '承認',
    reject: '却下',
    comment: 'コメント',
    approvedByYou: 'あなたが承認しました。',
    rejectedByYou: 'あなたが却下しました。',
    open: '申請を開く',
    refused: {
      own_request: 'ご自身の申請には他の方の承認が必要です。',
      already_decided: 'すでに対応済みです。',
      already_voted: 'あなたはすでに対応済みです。',
      not_pending: 'この申請はもう承認待ちではありません。',
      not_allowed: 'あなたはこの申請の承認者ではありません。',
      not_found: '閲覧できる申請がありません。',
      comment_required: 'コメントが必要です。ボタンの上の欄に入力してください。',
      text_malformed: 'コメントに使用できない文字が含まれています。',
      unconfirmed_with_aws:
        '承認者であることを AWS で確認できません。1 分後にもう一度お試しください。',
      person_disabled: 'ディレクトリで無効化されています。',
      no_longer_eligible: '申請者はこのアクセスの申請資格を失っています。',
      slack_unknown: 'Slack で確認済みのメールアドレスに一致する利用者がいません。',
      slack_ambiguous: '同じメールアドレスの利用者がディレクトリに複数います。',
      slack_foreign: 'TEAM が導入されたワークスペースのメンバーのみ操作できます。',
      slack_own_secret:
        '申請者が Slack のシークレットを設定したため、この申請は TEAM で判断してください。',
      slack_late: 'TEAM に届くまでに時間がかかりすぎました。もう一度押してください。',
    },
    refusedOtherwise: 'TEAM が拒否しました。理由は申請を開いて確認してください。',
    nothingRecorded: '何も記録していません。',
  },
}
