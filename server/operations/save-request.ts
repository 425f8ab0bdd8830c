import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { SavedRequest, SavedRequestBody } from '#contract/saved-request.ts'
import { fieldText, isBlank } from '#core/fields.ts'
import type { AccountId, PermissionSetArn, Target } from '#core/ids.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import {
  refuseSavedDuration,
  refuseSavedTargets,
  type SavedRequestKind,
  savedRequestNameCharactersMax,
  savedRequestsMax,
} from '#core/saved-request.ts'
import { checkText } from '#core/text.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import {
  countSavedRequests,
  insertSavedRequest,
  type SavedTarget,
} from '#server/store/saved-requests.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { mayOnSaved, savedRequestVersion, showSavedRequest } from './read-saved-requests.ts'
import { Refused } from './refused.ts'
import { refusedForAll, refusedWith } from './words.ts'

export interface SaveRequestPorts extends ChangePorts {
  readonly rules: RulesStore
}

export async function saveRequest(
  ports: SaveRequestPorts,
  { actor, asked }: { readonly actor: Actor; readonly asked: z.output<typeof SavedRequestBody> },
): Promise<SavedRequest> {
  const { kind } = asked
  if (kind === 'template' && !mayOnSaved('saved-request.manage-templates', actor)) {
    throw new Refused('not_allowed', { detail: 'Only administrators make templates.' })
  }
  return makeChange(ports, async (c) => {
    const rules = await ports.rules.load(c.tx)
    const owner = { userId: actor.person.userId, userName: actor.person.userName }
    const content = readContent(rules, actor, asked)
    const max = savedRequestsMax[kind]
    if ((await countSavedRequests(c, { kind, ownerId: owner.userId })) >= max) {
      throw refusedWith(refusal('too_many_saved_requests', { max }))
    }
    const saved = { id: randomUUID(), kind, owner, ...content }
    await insertSavedRequest(c, saved)
    c.event({
      actor: eventActorOf(actor),
      action: 'saved-request.create',
      object: { type: 'saved-request', id: saved.id, version: savedRequestVersion },
      payload: { kind, ...content },
    })
    const shown = showSavedRequest(rules, actor, { ...saved, createdAt: c.at })
    if (shown === null) throw new Error('Whoever saved a request does not see it.')
    return shown
  })
}

function readContent(rules: Rules, actor: Actor, asked: z.output<typeof SavedRequestBody>) {
  // The schema has parsed account ids and ARNs.
  const targets = asked.targets.map((target) => ({
    accountId: target.accountId as AccountId,
    permissionSetArn: target.permissionSetArn as PermissionSetArn,
  }))
  const name = fieldText(
    'name',
    checkText(asked.name, { charactersMax: savedRequestNameCharactersMax, line: true }),
  )
  const justification =
    asked.justification == null || isBlank(asked.justification)
      ? { text: null, refusal: null }
      : fieldText('justification', checkText(asked.justification))
  const refusals = [
    ...[name.refusal, justification.refusal].filter((one) => one !== null),
    ...refuseSavedDuration(asked.durationMinutes),
    ...refuseSavedTargets(targets, (target) => refuseTarget(rules, actor, asked.kind, target)),
  ]
  if (refusals.length > 0) throw refusedForAll(refusals)
  return {
    name: name.text ?? '',
    targets: targets.map((target) => withNames(rules, target)),
    durationMinutes: asked.durationMinutes,
    justification: justification.text,
  }
}

/** One's own is what one may ask for; a template is for others, so it need only be there. */
function refuseTarget(
  { evaluator, directory }: Rules,
  actor: Actor,
  kind: SavedRequestKind,
  target: Target,
): Refusal | null {
  if (kind === 'own') {
    const decision = evaluator.eligibility(actor.person, target)
    return decision.eligible ? null : decision.refusal
  }
  if (!directory.accounts.has(target.accountId)) {
    return refusal('unknown_id', { id: target.accountId })
  }
  return directory.permissionSets.has(target.permissionSetArn)
    ? null
    : refusal('unknown_id', { id: target.permissionSetArn })
}

function withNames({ directory }: Rules, target: Target): SavedTarget {
  const account = directory.accounts.get(target.accountId)
  const set = directory.permissionSets.get(target.permissionSetArn)
  if (account === undefined || set === undefined) {
    throw new Error('A target that is unknown to the directory was let through.')
  }
  return { ...target, accountName: account.name, permissionSetName: set.name }
}
