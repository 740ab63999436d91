import { Badge } from '../../components/badge.tsx'
import { refusal } from '../../format/audit.ts'
import { word } from '../../format/words.ts'
import type { Call } from './call.ts'

/** How a call was decided and how it ended, in a word. */
export function Decision({ call }: { readonly call: Call }) {
  if (call.refused)
    return (
      <Badge tone="danger" title={refusal(call.code ?? '')?.message ?? 'Refused'}>
        {call.code ?? 'refused'}
      </Badge>
    )
  if (call.outcome === null) return <Badge tone="accent">running</Badge>
  if (call.outcome === 'ok') return <Badge tone="ok">{call.status ?? 'ok'}</Badge>
  return (
    <Badge tone="brass">
      {word(call.outcome)}
      {call.status === null ? '' : ` ${call.status}`}
    </Badge>
  )
}
