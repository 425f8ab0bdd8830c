import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { type ReactNode, useState } from 'react'
import type { ReconcilerKey } from '#contract/reconciler.ts'
import { useWords } from '../../i18n.tsx'
import { wordCode } from '../../problems.ts'
import { useMe } from '../../queries.ts'
import { KeyDialog, type KeyVerb } from './KeyDialog.tsx'
import { holderOf } from './KeyName.tsx'

/** Who may not act sees no buttons; what cannot be done now says why. */
export function KeyButtons(props: { held: ReconcilerKey; verbs: readonly KeyVerb[] }): ReactNode {
  const { t } = useWords()
  const { held, verbs } = props
  const [open, setOpen] = useState<KeyVerb | null>(null)
  if (!useMe().roles.includes('admin')) return null
  const shown = verbs.flatMap((verb) => held.actions.filter(({ name }) => name === verb))
  const values = {
    name: holderOf(held, t),
    set: held.permissionSetName,
    account: held.accountName,
  }
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        {shown.map(({ name, allowed, code }) => (
          <Button
            key={name}
            disabled={!allowed}
            disabledReason={code ? wordCode(code, {}, t) : ''}
            ariaLabel={t(`health.${name}.of`, values)}
            onClick={() => setOpen(name)}
          >
            {t(`health.${name}`)}
          </Button>
        ))}
      </SpaceBetween>
      {open && <KeyDialog held={held} verb={open} onClose={() => setOpen(null)} />}
    </>
  )
}
