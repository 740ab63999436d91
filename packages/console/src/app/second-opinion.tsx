import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { oneOf } from '../api/queries.ts'
import { provideSecondOpinion } from '../api/second-opinion.ts'
import { Button, Spinner } from '../components/button.tsx'
import { CopyButton } from '../components/copy.tsx'
import { Dialog, DialogActions } from '../components/dialog.tsx'
import { OpinionRequest } from '../pages/second-opinions/opinion-request.tsx'

const pollMs = 2_000

interface Waiting {
  readonly id: string
  readonly answer: (id: string | undefined) => void
}

/** Waits for another admin's yes where an act needs one, and lets the act go on. */
export default function SecondOpinionWait() {
  const [waiting, setWaiting] = useState<Waiting>()
  useEffect(() => provideSecondOpinion((id) => new Promise<string | undefined>((resolve) => setWaiting({ id, answer: resolve }))), [])
  if (waiting === undefined) return null
  return (
    <Wait
      key={waiting.id}
      id={waiting.id}
      onEnd={(id) => {
        waiting.answer(id)
        setWaiting(undefined)
      }}
    />
  )
}

function Wait({ id, onEnd }: { readonly id: string; readonly onEnd: (id: string | undefined) => void }) {
  const opinion = useQuery({ ...oneOf('secondOpinions', id), refetchInterval: pollMs, staleTime: 0 }).data
  const state = opinion?.state
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is approved
  useEffect(() => {
    if (state === 'approved') onEnd(id)
  }, [state])
  const over = state === 'refused' || state === 'ended' || state === 'used'
  const address = `${window.location.origin}/second-opinions?id=${id}`
  return (
    <Dialog
      open
      stays
      above
      onClose={() => onEnd(undefined)}
      title="This needs the yes of another admin"
      description="Leave this open: it goes on by itself once they approve. A yes counts for exactly this, once, for 30 minutes."
    >
      {over ? (
        <p role="alert">
          {state === 'refused' ? (
            <>
              {opinion?.decided_by?.name} said no: <strong>{opinion?.reason}</strong>
            </>
          ) : (
            'Nobody decided within 30 minutes. Do it again to ask again.'
          )}
        </p>
      ) : (
        <div className="grid gap-4">
          <p role="status" className="flex items-center gap-2.5 text-soft">
            <Spinner /> Waiting for another admin …
          </p>
          {opinion && <OpinionRequest opinion={opinion} />}
          <div className="flex flex-wrap items-center gap-2.5">
            <CopyButton text={address} label="Copy the link for them" small={false} />
            <span className="text-xs text-soft">They also find it under Second opinions.</span>
          </div>
        </div>
      )}
      <DialogActions>
        <Button onClick={() => onEnd(undefined)}>{over ? 'Close' : 'Stop waiting'}</Button>
      </DialogActions>
    </Dialog>
  )
}
