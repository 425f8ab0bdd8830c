import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Multiselect from '@cloudscape-design/components/multiselect'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Select from '@cloudscape-design/components/select'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { CreatedToken } from '#contract/token.ts'
import { call, failureOf } from '../../api.ts'
import { useNow } from '../../clock.ts'
import { useWords } from '../../i18n.tsx'
import { wordField } from '../../problems.ts'
import { queryClient, useMe } from '../../queries.ts'
import { FieldLabel } from '../FieldLabel.tsx'
import { NotDone } from '../NotDone.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { type Scope, scopesOf, type TokenKind } from './scopes.ts'

const daysOffered = [1, 7, 30, 60, 90]
const dayMs = 86_400_000
/** The server's clock may be a little behind this one. */
const leewayMs = 60_000
const programRoles = ['auditor', 'admin'] as const

interface Draft {
  readonly name: string
  readonly kind: TokenKind
  readonly role: (typeof programRoles)[number]
  readonly scopes: readonly Scope[]
  readonly days: number
  readonly addresses: string
}

const blank: Draft = {
  name: '',
  kind: 'person',
  role: 'auditor',
  scopes: [],
  days: 30,
  addresses: '',
}

interface Props {
  readonly onCreated: (secret: string) => void
  readonly onClose: () => void
}

interface FieldProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly errorOf: (field: string) => string
}

export function CreateTokenDialog({ onCreated, onClose }: Props): ReactNode {
  const { t } = useWords()
  const [draft, setDraft] = useState(blank)
  const [tried, setTried] = useState(false)
  const create = useCreateToken(onCreated)
  const failure = create.error ? failureOf(create.error) : null
  const missing: Record<string, string> = {
    ...(draft.name.trim() === '' && { name: t('tokens.nameMissing') }),
    ...(draft.scopes.length === 0 && { scopes: t('tokens.scopesMissing') }),
  }
  const errorOf = (field: string) =>
    (tried && missing[field]) || (wordField(failure, field, t) ?? '')
  const fields = {
    draft,
    errorOf,
    change: (part: Partial<Draft>) => setDraft({ ...draft, ...part }),
  }
  const onConfirm = () => {
    setTried(true)
    if (Object.keys(missing).length === 0) create.mutate(draft)
  }
  return (
    <QuestionModal
      title={t('tokens.new')}
      confirm={t('tokens.new')}
      pending={create.isPending}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <NotDone failure={failure} fields={['name', 'roles', 'scopes', 'expiresAt', 'addresses']} />
      <FormField
        label={t('tokens.name')}
        description={t('tokens.nameHelp')}
        errorText={errorOf('name')}
        stretch
      >
        <Input
          value={draft.name}
          onChange={({ detail }) => fields.change({ name: detail.value })}
        />
      </FormField>
      <KindFields {...fields} />
      <ScopesField {...fields} />
      <LimitFields {...fields} />
    </QuestionModal>
  )
}

function KindFields({ draft, change, errorOf }: FieldProps): ReactNode {
  const { t } = useWords()
  if (!useMe().roles.includes('admin')) return null
  const toKind = (kind: TokenKind) =>
    change({ kind, scopes: draft.scopes.filter((scope) => scopesOf(kind).includes(scope)) })
  return (
    <>
      <FormField label={t('tokens.kind')}>
        <RadioGroup
          value={draft.kind}
          onChange={({ detail }) => toKind(detail.value === 'service' ? 'service' : 'person')}
          items={[
            { value: 'person', label: t('tokens.kind.person') },
            {
              value: 'service',
              label: t('tokens.kind.service'),
              description: t('tokens.serviceHelp'),
            },
          ]}
        />
      </FormField>
      {draft.kind === 'service' && (
        <FormField label={t('tokens.role')} errorText={errorOf('roles')}>
          <RadioGroup
            value={draft.role}
            onChange={({ detail }) =>
              change({ role: detail.value === 'admin' ? 'admin' : 'auditor' })
            }
            items={programRoles.map((value) => ({ value, label: t(`role.${value}`) }))}
          />
        </FormField>
      )}
    </>
  )
}

function ScopesField({ draft, change, errorOf }: FieldProps): ReactNode {
  const { t } = useWords()
  const options = scopesOf(draft.kind).map((value) => ({
    value,
    label: value,
    description: t(`scope.${value}`),
  }))
  return (
    <FormField
      label={t('tokens.scopes')}
      description={t('tokens.scopesHelp')}
      errorText={errorOf('scopes')}
      stretch
    >
      <Multiselect
        selectedOptions={options.filter(({ value }) => draft.scopes.includes(value))}
        options={options}
        placeholder={t('tokens.scopesChoose')}
        filteringType="auto"
        filteringAriaLabel={t('do.search')}
        deselectAriaLabel={({ label }) => `${t('do.delete')}: ${label}`}
        onChange={({ detail }) => {
          const chosen = detail.selectedOptions.map(({ value }) => value)
          change({ scopes: scopesOf(draft.kind).filter((scope) => chosen.includes(scope)) })
        }}
      />
    </FormField>
  )
}

function LimitFields({ draft, change, errorOf }: FieldProps): ReactNode {
  const { t, times } = useWords()
  const now = useNow()
  const options = daysOffered.map((days) => ({
    value: String(days),
    label: t('tokens.days', { days }),
    description: times.at(new Date(now.getTime() + days * dayMs)),
  }))
  return (
    <>
      <FormField label={t('tokens.expires')} errorText={errorOf('expiresAt')} stretch>
        <Select
          selectedOption={options.find(({ value }) => value === String(draft.days)) ?? null}
          options={options}
          onChange={({ detail }) => change({ days: Number(detail.selectedOption.value) })}
        />
      </FormField>
      <FormField
        label={<FieldLabel text={t('tokens.addresses')} optional />}
        description={t('tokens.addressesHelp')}
        errorText={errorOf('addresses')}
        stretch
      >
        <Textarea
          value={draft.addresses}
          rows={2}
          onChange={({ detail }) => change({ addresses: detail.value })}
        />
      </FormField>
    </>
  )
}

function useCreateToken(onCreated: (secret: string) => void) {
  const now = useNow()
  return useMutation({
    mutationFn: ({ name, kind, role, scopes, days, addresses }: Draft) =>
      call<CreatedToken>('POST', '/tokens', {
        body: {
          name,
          kind,
          scopes,
          roles: kind === 'service' ? [role] : [],
          addresses: addresses.split(/[\s,]+/).filter((one) => one !== ''),
          expiresAt: new Date(now.getTime() + days * dayMs - leewayMs).toISOString(),
        },
      }),
    // Kept nowhere but in the dialog that shows it.
    gcTime: 0,
    onSuccess: ({ secret }) => {
      void queryClient.invalidateQueries({ queryKey: ['tokens'] })
      if (secret !== null) onCreated(secret)
    },
  })
}
