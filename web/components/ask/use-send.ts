import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import type { z } from 'zod'
import type { Submission, Submitted } from '#contract/request.ts'
import { call, newIdempotencyKey } from '../../api.ts'
import { queryClient, requestQuery } from '../../queries.ts'

type Sent = z.output<typeof Submitted>

/** The same body goes out under the same key, so that a second try never asks twice. */
export function useSend(does: { onSent: (sent: Sent) => void; onRefused: () => void }) {
  const sent = useRef<{ readonly body: string; readonly key: string } | null>(null)
  return useMutation({
    mutationFn: (submission: Submission) => {
      const body = JSON.stringify(submission)
      if (sent.current?.body !== body) sent.current = { body, key: newIdempotencyKey() }
      return call<Sent>('POST', '/requests', {
        body: submission,
        idempotencyKey: sent.current.key,
      })
    },
    onSuccess: (answer) => {
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
      for (const request of answer.requests) {
        queryClient.setQueryData(requestQuery(request.id).queryKey, request)
      }
      does.onSent(answer)
    },
    onError: does.onRefused,
  })
}
