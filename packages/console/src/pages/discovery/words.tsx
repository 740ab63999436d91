import type { Detection } from '@keyward/contract/detections'
import { Badge, type Tone } from '../../components/badge.tsx'
import { Reference } from '../../components/reference.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'

const severityTones: Readonly<Record<Detection['severity'], Tone>> = { critical: 'danger', high: 'danger', medium: 'brass', low: 'neutral' }
const stateTones: Readonly<Record<Detection['state'], Tone>> = { open: 'brass', adopted: 'ok', dismissed: 'neutral' }

/** Places by what they are for people. */
export const sourceNames: Readonly<Record<Detection['sources'][number], string>> = {
  file: 'File',
  git: 'Git history',
  staged: 'Staged change',
  image: 'Image layer',
  log: 'Log',
  stdin: 'Piped in',
  environment: 'Environment',
  process: 'Process',
}

export function SeverityBadge({ severity }: { readonly severity: Detection['severity'] }) {
  return <Badge tone={severityTones[severity]}>{word(severity)}</Badge>
}

export function DetectionState({ state }: { readonly state: Detection['state'] }) {
  return <Badge tone={stateTones[state]}>{word(state)}</Badge>
}

/** Who brought it, as git has it: a link where that is an owner here. */
export function OwnerGuess({ guess }: { readonly guess: Detection['owner_guess'] }) {
  if (guess === null) return <span className="text-soft">nobody known</span>
  if (guess.owner !== null) return <Reference id={guess.owner} />
  return (
    <span className="text-soft" title="No owner has this address as contact">
      {guess.email ?? guess.name}
    </span>
  )
}

/** `Git history, Log · 4 places`, and one of them. */
export function Sources({ detection }: { readonly detection: Detection }) {
  const { sources, sightings_total: total, first_place: place } = detection
  return (
    <div>
      {sources.map((source) => sourceNames[source]).join(', ')}
      <span className="text-soft"> · {counted(total, 'place')}</span>
      {place !== null && <span className="block font-mono text-xs break-all text-soft">{place}</span>}
    </div>
  )
}
