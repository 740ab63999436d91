import type { Grant, MintedToken } from '@keyward/contract/grants'
import type { Resource } from '@keyward/contract/resources'
import { Link } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button, buttonClasses, Spinner } from '../../components/button.tsx'
import { ShownOnce } from '../../components/code.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { refusal } from '../../format/audit.ts'
import { money } from '../../format/money.ts'
import { milliseconds } from '../../format/numbers.ts'
import { duration } from '../../format/time.ts'
import type { Call } from '../calls/call.ts'
import { useCalls } from '../calls/use-calls.ts'
import { modelOf } from '../grants/mint-panel.tsx'
import { Snippets } from './snippets.tsx'

interface CallStepProps {
  readonly grant: Grant
  readonly resource: Resource
}

const pollMs = 1_000

/** Mints a token, says how to call, and watches for the call. */
export function CallStep({ grant, resource }: CallStepProps) {
  const [minted, setMinted] = useState<MintedToken>()
  const mint = useAct(() => api.grants.mint(grant.id, {}))
  const { calls } = useCalls({ grant: grant.id }, pollMs)
  return (
    <div className="grid gap-5">
      <FailureNotice failure={mint.failure} />
      {minted ? (
        <ShownOnce label={`A token for ${duration(minted.expires_in)}`} secret={minted.access_token} />
      ) : (
        <div>
          <p className="mb-3 text-soft">
            By hand, to try it. Agents get their tokens by themselves later: with an identity of their own, or under keyward run.
          </p>
          <Button
            look="primary"
            pending={mint.pending}
            onClick={async () => {
              const done = await mint.run()
              if (done) setMinted(done.answer)
            }}
          >
            Mint a token
          </Button>
        </div>
      )}
      {minted && (
        <div>
          <p className="mb-2 font-medium">Now call it, from any terminal that reaches this address:</p>
          <Snippets resource={resource} token={minted.access_token} grant={grant.id} model={modelOf(grant)} />
        </div>
      )}
      {(minted || (calls?.length ?? 0) > 0) && <Arrival call={calls?.[0]} />}
    </div>
  )
}

function Arrival({ call }: { readonly call: Call | undefined }) {
  if (call === undefined || (!call.refused && call.outcome === null))
    return (
      <p role="status" className="flex items-center gap-2.5 rounded-md border border-dashed border-line-strong px-4 py-3.5 text-soft">
        <Spinner /> {call ? 'Your call is running …' : 'Waiting for your call …'}
      </p>
    )
  if (call.refused || call.outcome !== 'ok') {
    const why = refusal(call.code ?? '')
    return (
      <div role="status" className="rounded-md bg-brass-tint px-4 py-3.5">
        <p className="font-medium text-brass">
          {call.refused
            ? `Your call arrived and was refused: ${why?.message ?? call.code}`
            : `Your call arrived, and the provider answered ${call.status ?? 'with an error'}`}
        </p>
        <p className="mt-0.5">{why?.fix ?? 'Is the key right, and the address of the provider? Correct it, and call again.'}</p>
      </div>
    )
  }
  return (
    <div role="status" className="arrives rounded-md bg-ok-tint px-4 py-4">
      <p className="flex items-center gap-2 text-lg font-semibold text-ok">
        <CircleCheck size={20} aria-hidden="true" /> Your call arrived
      </p>
      <p className="figures mt-1">
        {call.model}
        {call.latencyMs !== null && ` answered in ${milliseconds(call.latencyMs)}`}
        {call.overheadMs !== null && `, ${milliseconds(call.overheadMs)} of it Keyward`}
        {call.costUsd !== null && `, for ${money(call.costUsd)}`}. The agent never saw the key.
      </p>
      <p className="mt-3 flex flex-wrap gap-2.5">
        <Link to="/calls" className={buttonClasses('primary')}>
          See it in Live calls
        </Link>
        <Link to="/" className={buttonClasses('quiet')}>
          To the overview
        </Link>
      </p>
    </div>
  )
}
