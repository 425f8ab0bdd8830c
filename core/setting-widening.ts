/**
 * Which changes of settings widen access (the domain's "Nobody widens for themselves"). By itself in
 * a file, so that a page can name them before they are saved.
 */
type Wider = 'more' | 'on' | 'off' | 'any' | 'set'

/** What is not named here widens nothing. */
const wider: Readonly<Record<string, Wider>> = {
  maxDurationMinutes: 'more',
  extensionChainFactor: 'more',
  extensionAllowed: 'on',
  approvalRequired: 'off',
  secondAdmin: 'off',
  adminGroupId: 'any',
  auditorGroupId: 'any',
  // The later a review is due, the longer its person may take more by break-glass.
  reviewDueHours: 'more',
  // Off, access stays with those whom no policy allows it any more.
  endOnLostEligibility: 'off',
  // Slack decides in the name of people, and whoever has its secrets in the name of whom they like.
  slackEnabled: 'on',
  slackToken: 'set',
  slackSigningSecret: 'set',
}

export function settingWidens(name: string, before: unknown, after: unknown): boolean {
  if (before === after || !Object.hasOwn(wider, name)) return false
  switch (wider[name]) {
    case 'more':
      return !(typeof before === 'number' && typeof after === 'number' && after < before)
    case 'on':
      return after !== false
    case 'off':
      return after !== true
    case 'set':
      return after !== null
    default:
      return true
  }
}
