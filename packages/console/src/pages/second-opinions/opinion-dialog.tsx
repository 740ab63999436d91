import type { SecondOpinion } from '@keyward/contract/second-opinions'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { failureOf } from '../../api/failure.ts'
import { oneOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { say } from '../../components/toast.tsx'
import { OpinionRequest } from './opinion-request.tsx'

const pollMs = 5_000

/** One of them: what is asked, by whom, and yes or no. */
export function OpinionDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const query = useQuery({ ...oneOf('secondOpinions', id), refetchInterval: pollMs })
  const [refusing, setRefusing] = useState(false)
  const [reason, setReason] = useState('')
  const approve = useAct(() => api.secondOpinions.approve(id, {}))
  const refuse = useAct(() => api.secondOpinions.refuse(id, { reason }))
  const opinion = query.data
  const decides = opinion?.state === 'open' && !opinion.yours
  return (
    <Dialog open stays onClose={onClose} title="A second opinion">
      {query.isError && <FailureNotice failure={failureOf(query.error)} />}
      {opinion === undefined && !query.isError && <SkeletonLines lines={4} />}
      {opinion && (
        <div className="grid gap-4">
          <p>
            <strong className="font-semibold">{opinion.asked_by.name}</strong> asked <Moment at={opinion.asked_at} />
            {opinion.state === 'open' ? ' to do this:' : ':'}
          </p>
          <OpinionRequest opinion={opinion} />
          {opinion.state !== 'open' && <Outcome opinion={opinion} />}
          {opinion.state === 'open' && opinion.yours && <p className="text-soft">You asked for this yourself: another admin decides.</p>}
          <FailureNotice failure={approve.failure} />
        </div>
      )}
      {decides && refusing && (
        <div className="mt-4">
          <Form
            label="Refuse it"
            failure={refuse.failure}
            onSubmit={async () => {
              if (!(await refuse.run())) return
              say('Refused.')
              onClose()
            }}
          >
            <TextField label="Why not" hint={`${opinion.asked_by.name} reads it.`} pointer="/reason" value={reason} onChange={setReason} />
            <DialogActions>
              <Button onClick={() => setRefusing(false)}>Back</Button>
              <Button type="submit" look="danger" pending={refuse.pending}>
                Refuse
              </Button>
            </DialogActions>
          </Form>
        </div>
      )}
      {decides && !refusing && (
        <DialogActions>
          <ActButton needs="second_opinion:decide" onClick={() => setRefusing(true)}>
            Refuse
          </ActButton>
          <ActButton
            needs="second_opinion:decide"
            look="primary"
            pending={approve.pending}
            onClick={async () => {
              if (!(await approve.run())) return
              say('Approved: it can be done once, within 30 minutes.')
              onClose()
            }}
          >
            Approve
          </ActButton>
        </DialogActions>
      )}
    </Dialog>
  )
}

function Outcome({ opinion }: { readonly opinion: SecondOpinion }) {
  const by = opinion.decided_by?.name
  if (opinion.state === 'refused')
    return (
      <p>
        {by} said no <Moment at={opinion.decided_at} />: {opinion.reason}
      </p>
    )
  if (opinion.state === 'ended') return <p className="text-soft">It ended: nobody decided, or nobody used the yes, within 30 minutes.</p>
  return (
    <p>
      {by} said yes <Moment at={opinion.decided_at} />
      {opinion.used_at === null ? '; it waits to be done.' : ', and it was done '}
      {opinion.used_at !== null && <Moment at={opinion.used_at} />}
    </p>
  )
}
