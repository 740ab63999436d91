import type { ReactNode } from 'react'
import { word } from '../format/words.ts'
import { classes } from './classes.ts'

export type Tone = 'ok' | 'danger' | 'brass' | 'neutral' | 'accent'

const tones: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok-tint text-ok',
  danger: 'bg-danger-tint text-danger',
  brass: 'bg-brass-tint text-brass',
  accent: 'bg-accent-tint text-accent-strong',
  neutral: 'bg-sunken text-soft',
}

export function Badge({
  tone = 'neutral',
  title,
  children,
}: {
  readonly tone?: Tone
  readonly title?: string
  readonly children: ReactNode
}) {
  return (
    <span
      title={title}
      className={classes('inline-flex items-center gap-1 rounded-[4px] px-1.5 py-px text-xs font-medium whitespace-nowrap', tones[tone])}
    >
      {children}
    </span>
  )
}

const stateTones: Readonly<Record<string, Tone>> = {
  active: 'ok',
  live: 'ok',
  current: 'ok',
  revoked: 'danger',
  disabled: 'danger',
  pending: 'brass',
  previous: 'neutral',
  retired: 'neutral',
  ended: 'neutral',
}

/** A state, with a dot beside its word: never by colour alone. */
export function StateBadge({ state }: { readonly state: string }) {
  return (
    <Badge tone={stateTones[state] ?? 'neutral'}>
      <svg width="6" height="6" viewBox="0 0 6 6" aria-hidden="true">
        {state === 'revoked' || state === 'disabled' ? (
          <path d="M1 1l4 4M5 1L1 5" stroke="currentColor" strokeWidth="1.4" />
        ) : (
          <circle cx="3" cy="3" r="2.6" fill="currentColor" />
        )}
      </svg>
      {word(state)}
    </Badge>
  )
}
