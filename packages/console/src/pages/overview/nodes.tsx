import { useQuery } from '@tanstack/react-query'
import { nodesQuery } from '../../api/queries.ts'
import { Badge } from '../../components/badge.tsx'
import { Moment } from '../../components/moment.tsx'
import { Panel } from '../../components/page.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { milliseconds } from '../../format/numbers.ts'
import { shortId } from '../../format/words.ts'

/** The nodes on this database, and how fast each heard the last revocations. */
export function Nodes() {
  const nodes = useQuery(nodesQuery)
  return (
    <Panel title="Nodes" note="How long each took to hear a revocation.">
      {nodes.data === undefined ? (
        <SkeletonLines lines={2} />
      ) : (
        <ul className="grid gap-3">
          {nodes.data.items.map((node) => (
            <li key={node.id}>
              <p className="flex flex-wrap items-center justify-between gap-2">
                <code className="text-xs" title={node.id}>
                  {shortId(node.id)}
                  {node.here && ' (this one)'}
                </code>
                {node.deaf ? <Badge tone="danger">does not hear: refuses all</Badge> : <Badge tone="ok">hears</Badge>}
              </p>
              <p className="figures mt-0.5 text-xs text-soft">
                {node.revocation_ms.last === null
                  ? 'no revocation measured yet'
                  : `last ${milliseconds(node.revocation_ms.last)}, slowest in 24 h ${milliseconds(node.revocation_ms.max_24h ?? node.revocation_ms.last)}`}
                {' · '}up since <Moment at={node.started_at} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
