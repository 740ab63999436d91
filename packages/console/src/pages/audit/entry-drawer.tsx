import type { AuditEntry } from '@keyward/contract/records'
import { Amount } from '../../components/amount.tsx'
import { Badge } from '../../components/badge.tsx'
import { Code } from '../../components/code.tsx'
import { Id } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Facts } from '../../components/page.tsx'
import { actorName, refusal, sentence } from '../../format/audit.ts'
import { milliseconds } from '../../format/numbers.ts'
import { exact } from '../../format/time.ts'
import { word } from '../../format/words.ts'
import { Named } from '../grants/named.tsx'

/** One entry, whole: the chain of who acted with what on what, why, and the raw record. */
export function EntryDrawer({ entry, onClose }: { readonly entry: AuditEntry | undefined; readonly onClose: () => void }) {
  return (
    <Dialog open={entry !== undefined} onClose={onClose} place="side" title="Audit entry" description={entry && exact(entry.at)}>
      {entry && <EntryDetails entry={entry} />}
    </Dialog>
  )
}

export function EntryDetails({ entry }: { readonly entry: AuditEntry }) {
  const why = entry.code === null ? undefined : refusal(entry.code)
  return (
    <div className="grid gap-5">
      <p className="text-lg">
        {actorName(entry)} {sentence(entry)}
      </p>
      {why && (
        <div className="rounded-md bg-danger-tint px-3.5 py-3">
          <p className="font-medium text-danger">{why.message}</p>
          <p className="mt-0.5 text-sm">{why.fix}</p>
        </div>
      )}
      <Facts
        items={[
          ['Decision', <Badge key="decision">{word(entry.decision)}</Badge>],
          ['Action', <code key="action">{entry.action}</code>],
          entry.code !== null && ['Code', <code key="code">{entry.code}</code>],
          ['Actor', entry.actor.id === null ? actorName(entry) : <Named key="actor" id={entry.actor.id} />],
          entry.on_behalf_of !== null && ['On behalf of', <Named key="behalf" id={entry.on_behalf_of} />],
          entry.workload !== null && ['Workload', <Named key="workload" id={entry.workload} />],
          entry.token !== null && ['Token', <Id key="token" id={entry.token} />],
          entry.grant !== null && ['Grant', <Named key="grant" id={entry.grant} />],
          entry.resource !== null && ['Resource', <Named key="resource" id={entry.resource} />],
          entry.credential !== null && ['Credential', <Named key="credential" id={entry.credential} />],
          entry.version !== null && ['Secret version', <Id key="version" id={entry.version} />],
          entry.tenant !== null && ['Tenant', <Named key="tenant" id={entry.tenant} />],
          entry.environment !== null && ['Environment', entry.environment],
          entry.target !== null && ['Target', <Named key="target" id={entry.target.id} />],
          entry.operation !== null && ['Operation', entry.operation],
          entry.model !== null && ['Model', entry.model],
          entry.effect !== null && ['Effect', entry.effect],
          entry.reason !== null && ['Reason', entry.reason],
          entry.outcome !== null && [
            'Outcome',
            `${word(entry.outcome.outcome)}${entry.outcome.status === null ? '' : ` (${entry.outcome.status})`}`,
          ],
          entry.outcome?.latency_ms != null && ['Latency', milliseconds(entry.outcome.latency_ms)],
          entry.outcome !== null && ['Cost', <Amount key="cost" usd={entry.outcome.cost_usd} estimated={entry.outcome.estimated} />],
          entry.correlation_id !== null && ['Correlation id', <Id key="correlation" id={entry.correlation_id} />],
          [
            'Place in the log',
            <span key="seq" className="figures">
              {entry.seq}
            </span>,
          ],
          ['Node', <Id key="node" id={entry.node} />],
        ]}
      />
      <details>
        <summary className="cursor-pointer text-sm text-soft hover:text-ink">The raw record</summary>
        <div className="mt-2">
          <Code label="The raw record" text={JSON.stringify(entry, null, 2)} />
        </div>
      </details>
    </div>
  )
}
