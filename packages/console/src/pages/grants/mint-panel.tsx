import type { Grant, MintedToken } from '@keyward/contract/grants'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { oneOf } from '../../api/queries.ts'
import { ShownOnce } from '../../components/code.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { Panel } from '../../components/page.tsx'
import { duration } from '../../format/time.ts'
import { Snippets } from '../start/snippets.tsx'

/** Mints a token by hand. It lives in this panel alone, and is gone when the page is left. */
export function MintPanel({ grant }: { readonly grant: Grant }) {
  const [minted, setMinted] = useState<MintedToken>()
  const mint = useAct(() => api.grants.mint(grant.id, {}))
  const resource = useQuery(oneOf('resources', grant.resource)).data
  return (
    <Panel
      title="Try it"
      note={`A token by hand, for ${duration(grant.ttl_seconds)}. Agents get theirs by themselves: see keyward run.`}
      actions={
        <IfMay needs="grant:mint">
          <ActButton
            needs="grant:mint"
            disabledReason={whyNotByHand(grant)}
            pending={mint.pending}
            onClick={async () => {
              const done = await mint.run()
              if (done) setMinted(done.answer)
            }}
          >
            {minted ? 'Mint another' : 'Mint a token'}
          </ActButton>
        </IfMay>
      }
    >
      <div className="grid gap-4">
        <FailureNotice failure={mint.failure} />
        {minted && <ShownOnce label={`A token for ${duration(minted.expires_in)}`} secret={minted.access_token} />}
        {resource && <Snippets resource={resource} token={minted?.access_token} grant={grant.id} model={modelOf(grant)} />}
      </div>
    </Panel>
  )
}

/** A model to try that the grant allows. */
export function modelOf(grant: Pick<Grant, 'scope'>): string | undefined {
  return 'models' in grant.scope ? grant.scope.models.find((model) => !model.includes('*')) : undefined
}

/** A token by hand is a plain bearer token that a person asked for: the weakest there is. */
function whyNotByHand(grant: Grant): string | undefined {
  if (grant.require_dpop || grant.require_mtls) return 'Its tokens are bound to a key: use keyward run.'
  if (grant.minimum_assurance === null || grant.minimum_assurance === 'shared_secret') return undefined
  return 'Its holders have to prove who they are, which a token by hand does not.'
}
