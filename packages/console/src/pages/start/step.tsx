import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from '../../components/classes.ts'

interface StepProps {
  readonly number: number
  readonly title: string
  readonly state: 'done' | 'now' | 'later'
  /** What was made, once it is done. */
  readonly done?: ReactNode
  readonly children: ReactNode
}

/** One step of the checklist: open while it is its turn, a line when it is done. */
export function Step({ number, title, state, done, children }: StepProps) {
  return (
    <li className="relative grid grid-cols-[2rem_1fr] gap-x-4 pb-8 last:pb-0" aria-current={state === 'now' ? 'step' : undefined}>
      <div className="flex flex-col items-center">
        <span
          aria-hidden="true"
          className={classes(
            'figures flex size-8 items-center justify-center rounded-full text-sm font-semibold',
            state === 'done' && 'bg-accent text-on-accent',
            state === 'now' && 'bg-accent-tint text-accent-strong ring-2 ring-accent',
            state === 'later' && 'bg-sunken text-soft',
          )}
        >
          {state === 'done' ? <Check size={16} /> : number}
        </span>
        <span aria-hidden="true" className="mt-2 w-px flex-1 bg-line" />
      </div>
      <div className="min-w-0 pt-1">
        <h2 className={classes('text-lg font-semibold', state === 'later' && 'text-soft')}>
          {title}
          {state === 'done' && <span className="sr-only"> (done)</span>}
        </h2>
        {state === 'done' && done !== undefined && <p className="text-soft">{done}</p>}
        {state === 'now' && <div className="mt-3 rounded-lg border border-line bg-surface p-5">{children}</div>}
      </div>
    </li>
  )
}
