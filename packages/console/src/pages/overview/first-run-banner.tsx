import type { Overview } from '@keyward/contract/records'
import { Link } from '@tanstack/react-router'
import { ArrowRight } from 'lucide-react'
import { useMay } from '../../api/me.ts'
import { buttonClasses } from '../../components/button.tsx'

/** The way to the guided first run, until a call went through. */
export function FirstRunBanner({ steps }: { readonly steps: Overview['first_run'] }) {
  const may = useMay('grant:create')
  const done = Object.values(steps).filter(Boolean).length
  if (steps.call || !may) return null
  return (
    <section
      aria-label="First run"
      className="flex flex-wrap items-center justify-between gap-4 rounded-lg border border-accent/40 bg-accent-tint px-5 py-4"
    >
      <div>
        <h2 className="text-lg font-semibold">{done === 0 ? 'Let an agent make its first call' : 'Finish your first call'}</h2>
        <p className="text-soft">
          {done === 0
            ? 'Store a key, put it behind the gateway, and call it with a token that lives minutes. It takes about three minutes.'
            : `${done} of 5 steps are done.`}
        </p>
      </div>
      <Link to="/start" className={buttonClasses('primary')}>
        {done === 0 ? 'Begin' : 'Go on'} <ArrowRight size={16} aria-hidden="true" />
      </Link>
    </section>
  )
}
