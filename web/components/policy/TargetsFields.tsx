import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Targets } from '#contract/policy.ts'
import { useWords } from '../../i18n.tsx'
import { AccountsField } from './AccountsField.tsx'
import { type UnitLine, UnitsField } from './UnitsField.tsx'

/** Targets as they are edited. */
export interface TargetsDraft {
  readonly accounts: readonly string[]
  readonly units: readonly UnitLine[]
  readonly root: boolean
}

export function draftOfTargets(targets: Targets): TargetsDraft {
  return { accounts: targets.accounts, units: targets.organizationalUnits, root: targets.root }
}

export function targetsOfDraft(draft: TargetsDraft): Targets {
  return {
    accounts: [...draft.accounts],
    organizationalUnits: draft.units.map(({ id, scope }) => ({ id, scope })),
    root: draft.root,
  }
}

export function targetsAreComplete(draft: TargetsDraft): boolean {
  return draft.root || draft.accounts.length > 0 || draft.units.length > 0
}

export function TargetsFields(props: {
  value: TargetsDraft
  onChange: (value: TargetsDraft) => void
  disabled: boolean
  showErrors: boolean
  error: string
}): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled, showErrors } = props
  const empty = !value.root && value.accounts.length === 0 && value.units.length === 0
  const missing = showErrors && empty ? t('policy.targetsMissing') : ''
  return (
    <Container header={<Header variant="h2">{t('policy.targets')}</Header>}>
      <SpaceBetween size="l">
        <FormField errorText={missing || props.error}>
          <Checkbox
            checked={value.root}
            disabled={disabled}
            description={t('policy.rootHelp')}
            onChange={({ detail }) => onChange({ ...value, root: detail.checked })}
          >
            {t('policy.root')}
          </Checkbox>
        </FormField>
        {!value.root && (
          <AccountsField
            value={value.accounts}
            disabled={disabled}
            onChange={(accounts) => onChange({ ...value, accounts })}
          />
        )}
        {!value.root && (
          <UnitsField
            value={value.units}
            disabled={disabled}
            onChange={(units) => onChange({ ...value, units })}
          />
        )}
      </SpaceBetween>
    </Container>
  )
}
