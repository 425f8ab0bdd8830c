/** What one message says that stands for many, in both languages. */
import type { NoticeName } from '#core/notices.ts'
import type { Locale } from './moment.ts'

export interface StormWords {
  readonly heading: (text: { count: number; what: string }) => string
  readonly folded: string
  readonly more: (count: number) => string
  readonly link: string
  readonly event: Readonly<Record<NoticeName, string>>
}

export const stormWords: Readonly<Record<Locale, StormWords>> = {
  en: {
    heading: ({ count, what }) => `${what}: ${count} at once`,
    folded: 'So much happened at once that it is told together. Each line has its own page.',
    more: (count) => `${count} more are not listed here.`,
    link: 'Open TEAM',
    event: {
      requested: 'Waiting for approval',
      reminder: 'Reminder to approvers',
      approved: 'Approved',
      rejected: 'Rejected',
      cancelled: 'Cancelled',
      expired: 'Expired',
      active: 'Access active',
      ending_soon: 'Access ends soon',
      ended: 'Access ended',
      revoked: 'Access revoked',
      failed: 'Failed',
      break_glass_used: 'Break-glass used',
      review_due: 'Review due',
      excess_added: 'Access after its end',
      removal_late: 'Removal late',
      key_released: 'Handed over',
      rules_changed: 'Policies or settings changed',
      change_proposed: 'Change proposed',
      records_loosened: 'Records erased or released',
      refresh_held: 'Directory refresh held',
      creations_held: 'Creations held',
      digest: 'Daily digest',
    },
  },
  ja: {
    heading: ({ count, what }) => `${what}: ${count} 件`,
    folded:
      '多数の通知が同時に発生したため、まとめてお知らせします。詳細は各ページで確認できます。',
    more: (count) => `ほか ${count} 件は省略しています。`,
    link: 'TEAM を開く',
    event: {
      requested: '承認待ち',
      reminder: '承認者へのリマインダー',
      approved: '承認',
      rejected: '却下',
      cancelled: '取り下げ',
      expired: '期限切れ',
      active: '利用開始',
      ending_soon: '終了間近',
      ended: '終了',
      revoked: '取り消し',
      failed: '失敗',
      break_glass_used: '緊急アクセスの使用',
      review_due: '事後確認の期限',
      excess_added: '終了後のアクセス',
      removal_late: '削除遅延',
      key_released: '引き渡し',
      rules_changed: 'ポリシーまたは設定の変更',
      change_proposed: '変更の提案',
      records_loosened: '記録の消去または保全の解除',
      refresh_held: 'ディレクトリの更新の保留',
      creations_held: '付与の停止',
      digest: '日次ダイジェスト',
    },
  },
}
