/**
 * A second place for anchors: each minute's head as signed JSON to an address of somebody else's, so
 * that whoever owns both the database and this machine's log cannot rewrite the past unseen. Each
 * body is a line as the log has it, so that a file of them is what `team audit verify --anchors`
 * reads.
 */
import type { SecretName, Settings } from '#core/settings.ts'
import type { Post } from '#server/notify/webhook/post.ts'
import { signWebhook } from '#server/notify/webhook/signature.ts'
import type { AnchorPlace } from './anchor.ts'

export const anchorSchema = 'team.anchor.v1'

export interface AnchorWebhookPorts {
  readonly post: Post
  readonly readSettings: () => Promise<Pick<Settings, 'anchorUrl'>>
  readonly readSecret: (name: SecretName) => Promise<string | null>
  readonly installation: () => Promise<string>
}

export class AnchorRefused extends Error {}

const saidCharactersMax = 200

export function createAnchorWebhook(ports: AnchorWebhookPorts): AnchorPlace {
  return {
    name: 'webhook',
    async keep({ seq, hash, at }) {
      const { anchorUrl } = await ports.readSettings()
      if (anchorUrl === null) return
      const secret = await ports.readSecret('anchorSecret')
      if (secret === null) {
        throw new AnchorRefused('anchorUrl is set, and no anchorSecret to sign with')
      }
      const body = JSON.stringify({
        schema: anchorSchema,
        installation: await ports.installation(),
        auditHead: { seq, hash, at: at.toISOString() },
      })
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'TEAM',
        'team-event': 'anchor',
        ...signWebhook(body, { secrets: [secret], at }),
      }
      const { status, said } = await ports.post(anchorUrl, { body, headers })
      if (status >= 200 && status < 300) return
      throw new AnchorRefused(`HTTP ${status} ${said.slice(0, saidCharactersMax)}`.trim())
    },
  }
}
