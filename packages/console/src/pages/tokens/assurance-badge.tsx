import type { AssuranceLevel } from '@keyward/contract/words'
import { Badge, type Tone } from '../../components/badge.tsx'
import { assuranceMeaning, word } from '../../format/words.ts'

const tones: Readonly<Record<AssuranceLevel, Tone>> = { shared_secret: 'brass', federated: 'neutral', key_bound: 'accent', attested: 'ok' }

/** How sure one is of who holds a token; what that means, on hover. */
export function AssuranceBadge({ level }: { readonly level: AssuranceLevel }) {
  return (
    <Badge tone={tones[level]} title={assuranceMeaning[level] ?? ''}>
      {word(level)}
    </Badge>
  )
}
