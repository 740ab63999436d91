import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { classes } from './classes.ts'

interface PageProps {
  readonly title: string
  /** Stands in place of the title on the page; the title itself names the tab. */
  readonly heading?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly back?: { readonly to: string; readonly text: string }
  readonly children: ReactNode
}

/** A page: one heading, what can be done at its right, then what it shows. */
export function PageFrame({ title, heading, lead, actions, back, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Keyward`
  }, [title])
  return (
    <div className="mx-auto w-full max-w-[76rem] px-4 pt-6 pb-16 sm:px-8 sm:pt-9">
      {back && (
        <Link to={back.to} className="mb-2 inline-block text-sm text-soft no-underline hover:text-ink hover:underline">
          <span aria-hidden="true">← </span>
          {back.text}
        </Link>
      )}
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 max-w-2xl">
          <h1 className="text-2xl leading-tight font-semibold tracking-tight break-words">{heading ?? title}</h1>
          {lead !== undefined && <div className="mt-1 text-soft">{lead}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface PanelProps {
  readonly title?: ReactNode
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly flush?: boolean
  readonly className?: string
  readonly children: ReactNode
}

/** A titled part of a page. `flush`: what is in it (a table) reaches the edges. */
export function Panel({ title, note, actions, flush = false, className, children }: PanelProps) {
  return (
    <section className={classes('min-w-0 rounded-lg border border-line bg-surface', className)}>
      {(title !== undefined || actions !== undefined) && (
        <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2.5 sm:flex-nowrap">
          <div className="min-w-0">
            <h2 className="text-base font-semibold">{title}</h2>
            {note !== undefined && <p className="text-xs text-soft">{note}</p>}
          </div>
          {actions !== undefined && <div className="flex shrink-0 flex-wrap items-center gap-2 max-sm:shrink">{actions}</div>}
        </header>
      )}
      <div
        className={
          flush ? 'border-t border-line first:border-t-0' : classes('px-4 pb-4', title === undefined && actions === undefined && 'pt-4')
        }
      >
        {children}
      </div>
    </section>
  )
}

/** Nothing here yet: why, and what to do next. */
export function Empty({ title, children, action }: { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="px-6 py-12 text-center">
      <p className="text-lg font-medium">{title}</p>
      {children !== undefined && <div className="mx-auto mt-1 max-w-md text-soft">{children}</div>}
      {action !== undefined && <div className="mt-4 flex justify-center gap-2">{action}</div>}
    </div>
  )
}

/** Name and value pairs of one thing. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode] | false)[] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2.5 sm:grid-cols-[9.5rem_1fr]">
      {items
        .filter((item) => item !== false)
        .map(([name, value]) => (
          <div key={name} className="grid gap-0.5 sm:col-span-2 sm:grid-cols-subgrid">
            <dt className="text-sm text-soft">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
    </dl>
  )
}
