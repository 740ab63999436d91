import { Empty, Panel } from '../../components/page.tsx'
import { TokenTable } from '../tokens/token-table.tsx'

/** The records of the tokens under a grant. */
export function GrantTokens({ grant }: { readonly grant: string }) {
  return (
    <Panel title="Tokens" note="Their records: the strings themselves are never stored." flush>
      <TokenTable
        label="Tokens"
        filters={{ grant, limit: 20 }}
        show={['holder', 'behalf']}
        empty={<Empty title="No token was minted under it yet" />}
      />
    </Panel>
  )
}
