import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import type { ReactNode } from 'react'
import type { ReconcilerKey } from '#contract/reconciler.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'

/** A person, or of drift perhaps a group. */
export function holderOf({ person, group }: ReconcilerKey, t: Translate): string {
  if (person === null) return t('health.group', { name: group?.displayName ?? '' })
  return t('person.name', { name: person.displayName, userName: person.userName })
}

/** What it is, with a link to the request that it was granted by, where there is one. */
export function KeyName(props: { held: ReconcilerKey }): ReactNode {
  const { t } = useWords()
  const { held } = props
  const values = { set: held.permissionSetName, account: held.accountName }
  const text = t('health.key', { name: holderOf(held, t), target: t('target.name', values) })
  const [grant] = held.grants
  return (
    <>
      {grant ? <Link href={requestPath(grant.requestId)}>{text}</Link> : text}
      <Box variant="small" display="block" color="text-body-secondary">
        {held.accountId}
      </Box>
    </>
  )
}
