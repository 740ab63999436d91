import { IfMay } from '../../components/inventory/if-may.tsx'
import { Panel } from '../../components/page.tsx'
import { TokenTable } from '../tokens/token-table.tsx'

const shownAtOnce = 20

/** What lives of a workload's authority now: tokens of its own grants, whoever holds them, and tokens of others' grants that it holds. */
export function WorkloadTokens({ workload }: { readonly workload: string }) {
  return (
    <IfMay needs="token:read">
      <Panel title="Live tokens" note="Of its own grants, whoever holds them now. Open one to see its lineage." flush>
        <TokenTable
          label="Live tokens of its grants"
          filters={{ workload, state: 'live', limit: shownAtOnce }}
          show={['holder', 'behalf', 'resource']}
          empty={<p className="px-4 py-3.5 text-sm text-soft">None under a grant of its own.</p>}
        />
      </Panel>
      <Panel title="Held for others" note="Live tokens of others’ grants that were handed on to it." flush>
        <TokenTable
          label="Live tokens that it holds of others’ grants"
          filters={{ actor: workload, state: 'live', limit: shownAtOnce }}
          show={['behalf', 'resource']}
          empty={<p className="px-4 py-3.5 text-sm text-soft">Nothing was handed on to it.</p>}
        />
      </Panel>
    </IfMay>
  )
}
