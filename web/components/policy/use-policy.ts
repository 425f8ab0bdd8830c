/** Saving and deleting a policy: against the version that was read, never over somebody's head. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Failure, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { type StringKey, useWords } from '../../i18n.tsx'
import { flashProposed, isProposed } from '../../proposed.ts'
import { type PolicyKind, type PolicyOf, policyQuery, queryClient } from '../../queries.ts'
import { navigate } from '../../router.ts'

export interface PolicyWords {
  readonly created: StringKey
  readonly saved: StringKey
  readonly deleted: StringKey
}

export interface PolicyEditing<Kind extends PolicyKind, Draft> {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  /** `confirmEnding`: how many live grants the dialog said that it ends. */
  readonly save: (body: object, confirmEnding: number) => void
  readonly remove: (confirmEnding: number) => void
  /** Takes an old version up as what is typed here; nothing is saved by it. */
  readonly restore: (body: object) => void
  readonly mine: Draft
  readonly saving: boolean
  readonly removing: boolean
  readonly failure: Failure | null
  /** What somebody else saved meanwhile; null while nobody did. */
  readonly theirs: PolicyOf[Kind] | null
  readonly showing: 'mine' | 'theirs'
  readonly show: (which: 'mine' | 'theirs') => void
}

interface Editing<Kind extends PolicyKind, Draft> {
  readonly kind: Kind
  readonly loaded: PolicyOf[Kind] | null
  readonly draftOf: (policy: PolicyOf[Kind] | null) => Draft
  readonly words: PolicyWords
  readonly listPath: string
}

export function usePolicy<Kind extends PolicyKind, Draft extends object>(
  editing: Editing<Kind, Draft>,
): PolicyEditing<Kind, Draft> {
  const { t } = useWords()
  const { kind, draftOf, words, listPath } = editing
  // The live stream may bring a newer version into the cache; what was read when editing began
  // stays the base, or saving would quietly overwrite what nobody here has seen.
  const [loaded] = useState(editing.loaded)
  const [mine, setMine] = useState<Draft>(() => draftOf(loaded))
  const [theirs, setTheirs] = useState<PolicyOf[Kind] | null>(null)
  const [showing, show] = useState<'mine' | 'theirs'>('mine')
  const version = theirs?.version ?? loaded?.version

  const leave = (answer: unknown, key: StringKey) => {
    void queryClient.invalidateQueries({ queryKey: [kind, 'list'] })
    if (isProposed(answer)) flashProposed(answer, t)
    else flash({ type: 'success', text: t(key) })
    navigate(listPath)
  }
  const onError = async (error: unknown) => {
    const failure = failureOf(error)
    // What it ends, or what it stands on, is another by now.
    void queryClient.invalidateQueries({ queryKey: [kind, 'preview'] })
    if (failure.kind !== 'problem' || failure.status !== 412 || !loaded) return
    const query = policyQuery(kind, loaded.id)
    setTheirs(await queryClient.fetchQuery({ ...query, staleTime: 0 }))
    show('mine')
  }
  const saving = useMutation({
    mutationFn: ({ body, confirmEnding }: { body: object; confirmEnding: number }) =>
      loaded && version !== undefined
        ? call('PUT', `/${kind}/${encodeURIComponent(loaded.id)}`, {
            body: { ...body, ...(confirmEnding > 0 ? { confirmEnding } : {}) },
            ifMatch: version,
          })
        : call('POST', `/${kind}`, { body }),
    onSuccess: (answer) => leave(answer, loaded ? words.saved : words.created),
    onError,
  })
  const removing = useMutation({
    mutationFn: async (confirmEnding: number) => {
      if (!loaded || version === undefined) return
      return call('DELETE', `/${kind}/${encodeURIComponent(loaded.id)}`, {
        ifMatch: version,
        ...(confirmEnding > 0 ? { query: { confirmEnding } } : {}),
      })
    },
    onSuccess: (answer) => leave(answer, words.deleted),
    onError,
  })
  const error = saving.error ?? removing.error
  return {
    draft: showing === 'theirs' && theirs ? draftOf(theirs) : mine,
    change: (part) => {
      if (showing === 'mine') setMine((before) => ({ ...before, ...part }))
    },
    save: (body, confirmEnding) => saving.mutate({ body, confirmEnding }),
    remove: (confirmEnding) => removing.mutate(confirmEnding),
    restore: (body) => {
      if (!loaded) return
      // A version was stored as the API shows the policy.
      setMine(draftOf({ ...loaded, ...body }))
      show('mine')
      flash({ type: 'info', text: t('policy.restored') })
    },
    mine,
    saving: saving.isPending,
    removing: removing.isPending,
    failure: error ? failureOf(error) : null,
    theirs,
    showing,
    show,
  }
}
