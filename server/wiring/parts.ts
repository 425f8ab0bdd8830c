/**
 * The working parts of TEAM but for HTTP: rules, looks, the engine with its chores, notices. Built
 * here once for the server and for the simulation, so that what is simulated is what runs.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { anchorEveryMs, anchorHead } from '#server/audit/anchor.ts'
import { createAnchorWebhook } from '#server/audit/anchor-webhook.ts'
import { nameOfRecord, sealerOfLog } from '#server/audit/session-logs/sealed.ts'
import type { Config } from '#server/config.ts'
import { createCallQueue } from '#server/engine/call-queue.ts'
import { createDirectoryRefresh } from '#server/engine/directory-refresh.ts'
import { type Chore, type Engine, startEngine } from '#server/engine/engine.ts'
import { createLeader } from '#server/engine/leader.ts'
import type { KeptIntent } from '#server/engine/ports.ts'
import type { Clock } from '#server/http/ports.ts'
import type { Logger } from '#server/log.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import { digestEveryMs, sendDigests } from '#server/notify/digest.ts'
import { createSendEmail } from '#server/notify/email/send-email.ts'
import { createTellLateRemovals, tellLateEveryMs } from '#server/notify/late-removals.ts'
import { actOnClick } from '#server/notify/slack/act-on-click.ts'
import { createSlackApi } from '#server/notify/slack/api.ts'
import { createSendSlack } from '#server/notify/slack/send-slack.ts'
import { createSendToTopic } from '#server/notify/sns.ts'
import { tellOverseers } from '#server/notify/tell-overseers.ts'
import { createPost } from '#server/notify/webhook/post.ts'
import { createSendWebhook } from '#server/notify/webhook/send-webhook.ts'
import type { NotifyWorkerPorts } from '#server/notify/worker.ts'
import { createLoadActor } from '#server/operations/actor.ts'
import { createCarryOutLooks } from '#server/operations/carry-out-looks.ts'
import { createCheckActivation } from '#server/operations/check-activation.ts'
import { createPeopleConfirmer } from '#server/operations/confirm-person.ts'
import { createExpireDue } from '#server/operations/expire-requests.ts'
import { createLooks } from '#server/operations/look-at-target.ts'
import { expireProposals } from '#server/operations/propose-change.ts'
import { remindEveryMs, remindInTime } from '#server/operations/remind-in-time.ts'
import { remindOfReviews } from '#server/operations/remind-of-reviews.ts'
import { seedSettings } from '#server/operations/seed-settings.ts'
import { createGrantWatch, readPeopleEveryMs } from '#server/operations/watch-grants.ts'
import type { IntentLog } from '#server/recover/intent-log.ts'
import { purgeLooks } from '#server/store/access-looks.ts'
import type { Database } from '#server/store/database.ts'
import { purgeRefreshes } from '#server/store/directory-refreshes.ts'
import { markPass } from '#server/store/engine-pass.ts'
import { installationId } from '#server/store/installation.ts'
import { isCodeRecentEnough } from '#server/store/migrate.ts'
import { createRulesStore } from '#server/store/rules.ts'
import type { SealedEvent } from '#server/store/session-logs.ts'
import { loadSettings } from '#server/store/settings.ts'
import { createVault } from '#server/store/vault.ts'
import type { AwsSide } from './aws-side.ts'
import type { Metrics } from './metrics.ts'
import { StartError } from './start-error.ts'

export interface PartsNeeds {
  readonly config: Pick<
    Config,
    | 'adminGroup'
    | 'auditorGroup'
    | 'emailSource'
    | 'publicUrl'
    | 'portalUrl'
    | 'secrets'
    | 'slackApiUrl'
    | 'webhookNetworks'
  >
  readonly log: Logger
  readonly database: Database
  readonly clock: Clock
  readonly metrics: Metrics
  readonly aws: AwsSide
  readonly intentLog: IntentLog
}

export type Parts = ReturnType<typeof createParts>

export function createParts(needs: PartsNeeds) {
  const { config, log, database, clock, metrics, aws, intentLog } = needs
  const { db, owner } = database
  const rules = createRulesStore()
  const vault = createVault({ db, material: config.secrets })
  const confirmer = createPeopleConfirmer({ db, people: aws.people, clock, log })
  const looks = createLooks({ db, clock, assignments: aws.otherAssignments, log })
  const approversOf = createApproversOf(rules)
  const announce = createAnnounce({ approversOf })
  const leader = createLeader({
    db,
    holder: `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`,
    log: { info: (line) => log.info(line), warn: (line) => log.warn(line) },
    mayLead: () => isCodeRecentEnough(db),
  })
  const refresh = createDirectoryRefresh({
    db,
    reader: aws.directoryReader,
    clock,
    tellOverseers,
    log,
  })
  const stopping = new AbortController()
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})

  async function refreshDirectory(now: Date): Promise<void> {
    const epoch = leader.epoch()
    if (epoch === null) return
    const refreshed = await refresh.refreshIfDue(now, { epoch, signal: stopping.signal })
    if (refreshed?.state === 'failed') {
      log.warn(
        { why: refreshed.failure },
        'the directory could not be read; trying again in a minute',
      )
    }
    if (!isSeeded) await seedOnce()
  }

  let isSeeded = false
  async function seedOnce(): Promise<void> {
    const known = await db.selectFrom('directory_version').select('applied_at').executeTakeFirst()
    if (!known?.applied_at) return
    const { adminGroup, auditorGroup, emailSource } = config
    if (adminGroup === null && (await loadSettings(db)).version === 0) {
      const how = 'Set it to the name or id of the group whose members administer TEAM'
      return ready.reject(
        new StartError(`TEAM_ADMIN_GROUP is missing. ${how}, such as "TEAM admins".`),
      )
    }
    const seeded = await seedSettings({ db, clock }, { adminGroup, auditorGroup, emailSource })
    if (seeded.kind === 'unknown_group' || seeded.kind === 'ambiguous_group') {
      const variable = seeded.group === adminGroup ? 'TEAM_ADMIN_GROUP' : 'TEAM_AUDITOR_GROUP'
      const why =
        seeded.kind === 'unknown_group'
          ? 'is the name of no group in IAM Identity Center'
          : 'is the name of several groups in IAM Identity Center: give the id'
      ready.reject(new StartError(`${variable} "${seeded.group}" ${why}.`))
      return
    }
    isSeeded = true
    ready.resolve()
  }

  async function readyIfSeeded(): Promise<void> {
    if ((await loadSettings(db)).version > 0) ready.resolve()
  }

  const watch = createGrantWatch({
    db,
    clock,
    rules,
    confirmer,
    objects: aws.objects,
    log,
  })

  const carryOutLooks = createCarryOutLooks({
    db,
    clock,
    assignments: aws.exploringAssignments,
    provisioned: aws.provisionedSets,
    log,
  })
  const tellLate = createTellLateRemovals({ db, approversOf })
  const asLeader = (run: (now: Date, options: { epoch: number }) => Promise<unknown>) => {
    return async (now: Date) => {
      const epoch = leader.epoch()
      return epoch === null ? undefined : run(now, { epoch })
    }
  }
  let engine: Engine | null = null
  async function markLastPass(_now: Date, { epoch }: { epoch: number }): Promise<void> {
    const at = engine?.lastPassAt() ?? null
    if (at !== null) await markPass(db, { epoch, at })
  }
  let installed: string | null = null
  async function installation(): Promise<string> {
    installed ??= await installationId(db)
    return installed
  }
  const post = createPost({ allowed: config.webhookNetworks })
  const anchorWebhook = createAnchorWebhook({
    post,
    readSettings: async () => (await loadSettings(db)).settings,
    readSecret: vault.read,
    installation,
  })
  async function anchor(now: Date): Promise<void> {
    await anchorHead(db, log, now, [
      {
        name: 'anchor.json',
        keep: async ({ seq, hash }) =>
          intentLog.keepAnchor({ installation: await installation(), seq, hash }),
      },
      anchorWebhook,
    ])
  }
  async function keepIntent({ key, ...intent }: KeptIntent): Promise<boolean> {
    try {
      await intentLog.append({ installation: await installation(), ...intent, ...key })
      return true
    } catch (error) {
      log.error({ err: error, intentId: intent.intentId }, 'an intent could not be kept outside')
      return false
    }
  }
  async function sealerOf(logId: string) {
    return sealerOfLog(config.secrets, await installation(), logId)
  }
  async function openRecord(logId: string, { ordinal, sealed }: SealedEvent) {
    const opened = (await sealerOf(logId)).open(nameOfRecord(logId, ordinal), sealed)
    return opened.kind === 'opened' ? opened.text : null
  }
  const chores: Chore[] = [
    { name: 'people with live grants', everyMs: readPeopleEveryMs, run: watch.readPeople },
    { name: 'lost eligibility', everyMs: 1_000, run: asLeader(watch.endLost) },
    { name: 'overdue requests', everyMs: 0, run: createExpireDue({ db, announce, log }) },
    { name: 'directory refresh', everyMs: 1_000, run: refreshDirectory },
    {
      name: 'permission set contents',
      everyMs: 1_000,
      run: (now) => refresh.readContentsIfDue(now),
    },
    { name: 'looks asked for', everyMs: 1_000, run: asLeader(carryOutLooks) },
    { name: 'old looks', everyMs: 3_600_000, run: (now) => purgeLooks(db, now) },
    { name: 'old refreshes', everyMs: 3_600_000, run: (now) => purgeRefreshes(db, now) },
    { name: 'reviews due', everyMs: 60_000, run: (now) => remindOfReviews({ db, announce }, now) },
    { name: 'old proposals', everyMs: 60_000, run: (now) => expireProposals(db, now) },
    {
      name: 'reminders',
      everyMs: remindEveryMs,
      run: asLeader((now, options) => remindInTime({ db, announce }, now, options)),
    },
    { name: 'pass mark', everyMs: 1_000, run: asLeader(markLastPass) },
    { name: 'late removals', everyMs: tellLateEveryMs, run: asLeader(tellLate) },
    {
      name: 'daily digest',
      everyMs: digestEveryMs,
      run: asLeader((now, options) => sendDigests(db, now, options)),
    },
    { name: 'anchor', everyMs: anchorEveryMs, run: asLeader(anchor) },
  ]
  const slack = createSlackApi({
    baseUrl: config.slackApiUrl,
    readToken: () => vault.read('slackToken'),
  })
  const notifyPorts: NotifyWorkerPorts = {
    db,
    owner,
    clock,
    senders: {
      email: createSendEmail({ sendMail: aws.mail.send, emailSource: config.emailSource }),
      sns: createSendToTopic({ publish: aws.topic.publish }),
      slack: createSendSlack({ db, api: slack }),
      webhook: createSendWebhook({
        post,
        readSecret: vault.read,
      }),
    },
    approversOf,
    publicUrl: config.publicUrl,
    portalUrl: config.portalUrl,
    sessionLogs: { findSource: aws.findLogSource, sealerOf },
    onSlackClick: (click) =>
      actOnClick(
        {
          db,
          clock,
          rules,
          announce,
          approversOf,
          api: slack,
          loadActor: createLoadActor({ db, rules }),
          confirmPerson: (userId) => confirmer.confirmPerson(userId),
          confirmPeople: confirmer.confirmPeople,
          publicUrl: config.publicUrl,
        },
        click,
      ),
    log: {
      info: (line) => log.info(line),
      warn: (line) => log.warn(line),
      error: (line) => log.error(line),
    },
  }
  return {
    rules,
    vault,
    confirmer,
    looks,
    announce,
    tellOverseers,
    leader,
    notifyPorts,
    openRecord,
    ready: ready.promise,
    readyIfSeeded,
    /** Ends what reads AWS for minutes. */
    stopReading: () => stopping.abort(),
    startEngine: () => {
      engine = startEngine(
        {
          db,
          clock,
          leader,
          assignments: aws.engineAssignments,
          calls: createCallQueue(() => aws.budget.take('sso-admin')),
          announce,
          checkActivation: createCheckActivation(rules),
          confirmPerson: (userId) => confirmer.confirmPerson(userId),
          activationDeadlineMinutes: async () =>
            (await loadSettings(db)).settings.activationDeadlineMinutes,
          metrics,
          keepIntent,
          log,
        },
        chores,
      )
      return engine
    },
  }
}
