import type { AuditEntry } from '@keyward/contract/records'
import { Badge } from '../../components/badge.tsx'
import { actorName, sentence } from '../../format/audit.ts'
import { kindOf } from '../../format/kinds.ts'
import { Named } from '../grants/named.tsx'

/** An entry as a sentence, with links to what it names. */
export function EntryLine({ entry }: { readonly entry: AuditEntry }) {
  const actor = entry.actor.id !== null && kindOf(entry.actor.id) !== undefined ? <Named id={entry.actor.id} /> : actorName(entry)
  const call = entry.action === 'gateway.call'
  const target = call ? entry.resource : (targetOf(entry) ?? null)
  return (
    <span>
      {actor} {sentence(entry)}
      {target !== null && target !== entry.actor.id && kindOf(target) !== undefined && (
        <>
          {call ? ' through ' : ' '}
          <Named id={target} />
        </>
      )}
      {entry.code !== null && (
        <>
          {' '}
          <Badge tone="danger">{entry.code}</Badge>
        </>
      )}
      {entry.reason !== null && <span className="text-soft"> “{entry.reason}”</span>}
    </span>
  )
}

function targetOf(entry: AuditEntry): string | undefined {
  return entry.target?.id ?? entry.grant ?? entry.credential ?? undefined
}
