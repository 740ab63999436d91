import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface GoProps {
  /** A path of the console, filled in: `/credentials/cred_…`, with its query where it has one. */
  readonly to: string
  readonly className?: string | undefined
  readonly onClick?: () => void
  readonly title?: string
  readonly children: ReactNode
}

/** A link to a path that is only known when the page runs. */
export function Go({ to, className, onClick, title, children }: GoProps) {
  const [path = '/', query = ''] = to.split('?')
  const search = Object.fromEntries(new URLSearchParams(query))
  return (
    <Link
      to={path as '/'}
      search={search}
      className={className ?? 'text-accent-strong underline'}
      {...(onClick ? { onClick } : {})}
      {...(title ? { title } : {})}
    >
      {children}
    </Link>
  )
}
