import type { AuthorizationRequest } from '@keyward/contract/consents'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { failureOf } from '../../api/failure.ts'
import { useMe } from '../../api/me.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { DecisionFrame, useSettled } from './decision-frame.tsx'
import { GrantChoice } from './grant-choice.tsx'
import { WhoAsks } from './who-asks.tsx'

/** A program asks to act for the person: who it is, what it gets, under which grant, for how long. Nothing is allowed without a click. */
export default function AuthorizePage() {
  const { request } = useSearch({ strict: false }) as { request?: string }
  const me = useMe()
  const asked = useQuery({
    queryKey: ['authorization-request', request],
    queryFn: () => api.authorizations.read({ request: request ?? '' }),
    enabled: request !== undefined && me !== undefined && me !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const title =
    asked.data === undefined
      ? 'Connect an app'
      : asked.data.purpose === 'login'
        ? 'Log in the command line?'
        : `Connect ${asked.data.client.name}?`
  return (
    <DecisionFrame title={title}>
      {request === undefined ? (
        <p>There is nothing to decide here. Start connecting in the app: it sends you to this page.</p>
      ) : asked.isError ? (
        <FailureNotice failure={failureOf(asked.error)} />
      ) : asked.data === undefined ? (
        <SkeletonLines lines={6} />
      ) : (
        <Decision request={request} asked={asked.data} />
      )}
    </DecisionFrame>
  )
}

const dayChoices: readonly (readonly [number, string])[] = [
  [1, 'one day'],
  [7, 'one week'],
  [30, '30 days'],
  [90, '90 days'],
]

function Decision({ request, asked }: { readonly request: string; readonly asked: AuthorizationRequest }) {
  const [grant, setGrant] = useState(asked.grants.length === 1 || asked.grants[0]?.owned ? asked.grants[0]?.id : undefined)
  const [days, setDays] = useState(String(asked.days.proposed))
  const [sent, setSent] = useState<'yes' | 'no'>()
  const settled = useSettled()
  const decide = useAct((approve: boolean) =>
    api.authorizations.decide({ request, approve, ...(grant === undefined ? {} : { grant }), days: Number(days) }),
  )
  const login = asked.purpose === 'login'
  const impossible = !login && asked.grants.length === 0
  const answer = async (approve: boolean) => {
    const done = await decide.run(approve)
    if (!done) return
    setSent(approve ? 'yes' : 'no')
    window.location.assign(done.answer.redirect_to)
  }
  if (sent !== undefined)
    return (
      <div role="status">
        <p className="text-lg font-medium">{sent === 'yes' ? 'Allowed.' : 'Denied.'}</p>
        <p className="mt-1 text-soft">
          {asked.client.name} has the answer{asked.redirect.kind === 'web' ? '' : ': you can close this page'}.
        </p>
      </div>
    )
  return (
    <div className="grid gap-5">
      <WhoAsks asked={asked} />
      {login ? (
        <p>
          The command line on this computer will be able to do <b className="font-semibold">everything that you can do</b>, for 12 hours.
          You can end it under API tokens of your account.
        </p>
      ) : (
        <GrantChoice asked={asked} chosen={grant} onChoose={setGrant} />
      )}
      {!login && !impossible && (
        <SelectField
          label="How long"
          pointer="/days"
          hint="You can disconnect it at any time, under Connected apps."
          value={days}
          choices={dayChoices.filter(([value]) => value <= asked.days.max).map(([value, text]) => ({ value: String(value), text }))}
          onChange={setDays}
        />
      )}
      <FailureNotice failure={decide.failure} />
      <div className="flex flex-wrap justify-end gap-2.5">
        <Button className="max-sm:flex-1" onClick={() => void answer(false)}>
          Deny
        </Button>
        {!impossible && (
          <Button
            look="primary"
            className="max-sm:flex-1"
            pending={decide.pending}
            disabledReason={settled ? (login || grant !== undefined ? undefined : 'Choose the agent first') : 'One moment'}
            onClick={() => void answer(true)}
          >
            Allow
          </Button>
        )}
      </div>
    </div>
  )
}
