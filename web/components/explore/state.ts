/** What the address of the access explorer says. */
import type { AccessRow } from '#contract/access.ts'
import { parseListState } from '../../url-state.ts'

export const exploreTabs = ['now', 'could-ask', 'approver'] as const
export type ExploreTab = AccessRow['kind']

export interface Explained {
  readonly userId: string
  readonly accountId: string
  readonly permissionSetArn: string
}

export interface ExploreState {
  readonly account: string | null
  readonly user: string | null
  readonly tab: ExploreTab
  readonly q: string
  readonly cursor: string | null
  readonly page: number
  readonly explain: Explained | null
  /** The dialog is open in which one chooses what to have explained. */
  readonly asking: boolean
}

export function parseExploreState(search: URLSearchParams): ExploreState {
  const { state } = parseListState(search)
  const account = kept(search.get('account'), /^\d{12}$/)
  const user = account === null ? kept(search.get('user'), /^[\w:.-]{1,100}$/) : null
  const explain = search.get('explain')
  return {
    account,
    user,
    tab: exploreTabs.find((tab) => tab === search.get('tab')) ?? 'now',
    q: state.q,
    cursor: state.cursor,
    page: state.page,
    explain: explainedIn(explain ?? ''),
    asking: explain === 'choose',
  }
}

function kept(text: string | null, pattern: RegExp): string | null {
  return text !== null && pattern.test(text) ? text : null
}

function explainedIn(text: string): Explained | null {
  const [userId = '', accountId = '', permissionSetArn = ''] = text.split('~')
  const whole = userId !== '' && /^\d{12}$/.test(accountId) && permissionSetArn.startsWith('arn:')
  return whole ? { userId, accountId, permissionSetArn } : null
}

export function explainText({ userId, accountId, permissionSetArn }: Explained): string {
  return `${userId}~${accountId}~${permissionSetArn}`
}
