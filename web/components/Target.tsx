import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { type Translate, useWords } from '../i18n.tsx'
import { requestPath } from '../paths.ts'

export function targetName(
  request: Pick<Request, 'permissionSetName' | 'accountName'>,
  t: Translate,
): string {
  return t('target.name', { set: request.permissionSetName, account: request.accountName })
}

export function TargetCell(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  return (
    <>
      <Link href={requestPath(request.id)}>{targetName(request, t)}</Link>
      <Box variant="small" display="block" color="text-body-secondary">
        {request.accountId}
      </Box>
    </>
  )
}
