import { Check, Copy as CopyIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'

const copiedMs = 2_000

export function CopyButton({
  text,
  label = 'Copy',
  small = true,
}: {
  readonly text: string
  readonly label?: string
  readonly small?: boolean
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return undefined
    const timer = setTimeout(() => setState('idle'), copiedMs)
    return () => clearTimeout(timer)
  }, [state])
  return (
    <Button
      small={small}
      icon={state === 'copied' ? <Check size={14} aria-hidden="true" /> : <CopyIcon size={14} aria-hidden="true" />}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setState('copied'),
          () => setState('failed'),
        )
      }}
    >
      <span aria-live="polite">{state === 'copied' ? 'Copied' : state === 'failed' ? 'Select it and copy' : label}</span>
    </Button>
  )
}

/** An id that can be copied with a click. */
export function Id({ id }: { readonly id: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      title={copied ? 'Copied' : 'Copy this id'}
      className="rounded-[3px] text-left font-mono text-xs break-all text-soft hover:text-ink"
      onClick={() => {
        navigator.clipboard.writeText(id).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }}
      onBlur={() => setCopied(false)}
    >
      {id}
      <span className="sr-only" aria-live="polite">
        {copied ? ' copied' : ''}
      </span>
    </button>
  )
}
