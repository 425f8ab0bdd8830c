/** Every resource of the API. */
import { createApprovableTargets } from '#server/operations/approvable-targets.ts'
import { changeChannel } from '#server/store/change.ts'
import { type Listener, listen } from '#server/store/listen.ts'
import { registerAccess } from './access.ts'
import type { App } from './app.ts'
import { registerApproverPolicies } from './approver-policies.ts'
import { registerAudit } from './audit.ts'
import { registerDirectory } from './directory.ts'
import { registerEligibilityPolicies } from './eligibility-policies.ts'
import { registerEligible } from './eligible.ts'
import { addIdempotency } from './idempotency.ts'
import { createLiveFeed } from './live-feed.ts'
import { createMayReceive } from './may-receive.ts'
import { registerMe } from './me.ts'
import { registerNotices } from './notices.ts'
import { registerProposals } from './proposals.ts'
import { registerReconciler } from './reconciler.ts'
import { registerRecords } from './records.ts'
import { registerRequestFiles } from './request-files.ts'
import { registerRequests } from './requests.ts'
import type { ResourceDeps, ResourcePorts } from './resources.ts'
import { registerSavedRequests } from './saved-requests.ts'
import { registerSessionLogs } from './session-logs.ts'
import { registerSettings } from './settings.ts'
import { registerSlack } from './slack.ts'
import { registerStream } from './stream.ts'
import { registerSubmissions } from './submissions.ts'
import { registerTokens } from './tokens.ts'

const registrations = [
  registerMe,
  registerEligible,
  registerRequests,
  registerRequestFiles,
  registerSessionLogs,
  registerSubmissions,
  registerSavedRequests,
  registerEligibilityPolicies,
  registerApproverPolicies,
  registerProposals,
  registerSettings,
  registerDirectory,
  registerAccess,
  registerAudit,
  registerRecords,
  registerReconciler,
  registerNotices,
  registerTokens,
]

export function registerResources(app: App, deps: ResourceDeps): void {
  const ports: ResourcePorts = {
    ...deps,
    confirmPeople: deps.confirmer.confirmPeople,
    approvableTargets: createApprovableTargets(),
  }
  registerDescribed(app, ports)
  registerSlack(app, ports)
  registerLive(app, ports)
}

/** All that OpenAPI describes: everything but the stream. */
export function registerDescribed(app: App, ports: ResourcePorts): void {
  addIdempotency(app, ports)
  for (const register of registrations) register(app, ports)
}

function registerLive(app: App, ports: ResourcePorts): void {
  const feed = createLiveFeed(ports)
  const wake = () => void feed.wake()
  let listener: Listener | null = null
  app.addHook('onReady', async () => {
    listener = await listen({
      connection: ports.connection,
      channel: changeChannel,
      onNotify: wake,
      onReconnect: wake,
      log: { warn: (message) => ports.log.warn(message) },
    })
  })
  app.addHook('onClose', async () => listener?.close())
  registerStream(app, {
    publicUrl: ports.publicUrl,
    sessions: ports.sessions,
    people: ports,
    subscribe: feed.subscribe,
    mayReceive: createMayReceive(ports),
  })
}
