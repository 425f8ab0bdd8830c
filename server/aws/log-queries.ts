/**
 * The two queries for the events of a grant. No service binds values to these statements: Insights
 * has no parameters, and CloudTrail Lake's are "used only for the queries that populate the
 * CloudTrail Lake dashboards" (API_StartQuery). So nothing is escaped either, whose rules for
 * Insights nobody documents. Whatever goes into a statement passes `literal`, which lets through only
 * signs that mean nothing in a quoted text of either language; what is made of others is not sent.
 * Permission sets, accounts and users are so by their API models; a user name that is not cannot be
 * the name of a session (`sessionNameOf`), and the person is then found by id alone.
 */
import {
  type LogCriteria,
  type LogLocation,
  roleNamePattern,
  sessionNameOf,
} from '#core/session-log.ts'

class NotLiteral extends Error {}

function literal(value: string): string {
  if (!/^[A-Za-z0-9_+=,.@:-]{1,128}$/.test(value)) throw new NotLiteral()
  return value
}

interface Parts {
  readonly accountId: string
  readonly userId: string
  /** In lower case; null: not searched by name. */
  readonly sessionName: string | null
  readonly rolePattern: string
}

function partsOf(criteria: LogCriteria): Parts | null {
  const rolePattern = roleNamePattern(criteria.permissionSetName)
  if (rolePattern === null) return null
  try {
    return {
      accountId: literal(criteria.accountId),
      userId: literal(criteria.userId),
      sessionName: sessionNameOf(criteria.userName)?.toLowerCase() ?? null,
      rolePattern,
    }
  } catch (error) {
    if (error instanceof NotLiteral) return null
    throw error
  }
}

/**
 * Null: there is no safe query. Insights discovers the first 200 fields of a record; who did it is
 * among the first thirty, and the account is asked for there. The window is a parameter of the call.
 */
export function insightsQuery(criteria: LogCriteria, rowsMax: number): string | null {
  const parts = partsOf(criteria)
  if (parts === null) return null
  const byId = `userIdentity.onBehalfOf.userId = "${parts.userId}"`
  const byName = `(not ispresent(userIdentity.onBehalfOf.userId) and tolower(sessionName) = "${parts.sessionName}")`
  return [
    'fields @message',
    'parse userIdentity.principalId "*:*" as sessionRoleId, sessionName',
    'filter userIdentity.type = "AssumedRole"',
    `filter userIdentity.accountId = "${parts.accountId}"`,
    `filter userIdentity.sessionContext.sessionIssuer.userName like /${parts.rolePattern}/`,
    `filter ${parts.sessionName === null ? byId : `${byId} or ${byName}`}`,
    'sort @timestamp asc',
    `limit ${rowsMax}`,
  ].join('\n| ')
}

/** Null: there is no safe query. */
export function lakeStatement(
  criteria: LogCriteria,
  place: Pick<LogLocation & { source: 'cloudtrail_lake' }, 'eventDataStoreId'>,
  rowsMax: number,
): string | null {
  const parts = partsOf(criteria)
  if (parts === null) return null
  const behalf = "coalesce(useridentity.onbehalfof.userid, '')"
  const byId = `${behalf} = '${parts.userId}'`
  const byName = `(${behalf} = '' AND lower(split_part(useridentity.principalid, ':', 2)) = '${parts.sessionName}')`
  return [
    `SELECT eventjson FROM ${literal(place.eventDataStoreId)}`,
    `WHERE eventtime >= '${wholeSecond(criteria.from, Math.floor)}'`,
    // One second more, because records count whole ones: the rule asks each of them again.
    `AND eventtime <= '${wholeSecond(new Date(criteria.to.getTime() + 1000), Math.ceil)}'`,
    `AND recipientaccountid = '${parts.accountId}'`,
    "AND useridentity.type = 'AssumedRole'",
    `AND regexp_like(useridentity.sessioncontext.sessionissuer.username, '${parts.rolePattern}')`,
    `AND (${parts.sessionName === null ? byId : `${byId} OR ${byName}`})`,
    `ORDER BY eventtime LIMIT ${rowsMax}`,
  ].join('\n')
}

function wholeSecond(at: Date, round: (seconds: number) => number): string {
  const rounded = new Date(round(at.getTime() / 1000) * 1000)
  return rounded.toISOString().slice(0, 19).replace('T', ' ')
}
