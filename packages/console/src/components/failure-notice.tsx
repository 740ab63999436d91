import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { Failure } from '../api/failure.ts'
import { kindOf } from '../format/kinds.ts'
import { word } from '../format/words.ts'
import { Button } from './button.tsx'

/** What went wrong, what to do about it, and where the log has more. */
export function FailureNotice({ failure, onRetry }: { readonly failure: Failure | undefined; readonly onRetry?: () => void }) {
  if (failure === undefined) return null
  return (
    <div role="alert" className="rounded-md border border-danger/40 bg-danger-tint px-3.5 py-3 text-sm">
      <p className="flex items-start gap-2 font-medium text-danger">
        <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0" />
        {failure.title}
      </p>
      <p className="mt-1 pl-6 text-ink">{failure.fix}</p>
      {failure.usedBy.length > 0 && (
        <ul className="mt-2 grid gap-1 pl-6">
          {failure.usedBy.map((user) => (
            <li key={user.id}>
              {word(user.kind)}{' '}
              {kindOf(user.id) === undefined ? (
                user.name
              ) : (
                <Link to={kindOf(user.id)?.path ?? '/'} params={{ id: user.id }} className="font-medium text-accent-strong underline">
                  {user.name}
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
      {failure.fields.filter((field) => !field.field.startsWith('/')).length > 0 && (
        <ul className="mt-1 pl-6">
          {failure.fields
            .filter((field) => !field.field.startsWith('/'))
            .map((field) => (
              <li key={field.field}>
                {field.field} {field.message}
              </li>
            ))}
        </ul>
      )}
      {(failure.correlationId !== undefined || onRetry) && (
        <p className="mt-2 flex flex-wrap items-center gap-3 pl-6 text-xs text-soft">
          {onRetry && (
            <Button small onClick={onRetry}>
              Try again
            </Button>
          )}
          {failure.correlationId !== undefined && (
            <span>
              Correlation id <code className="select-all">{failure.correlationId}</code>
            </span>
          )}
        </p>
      )}
    </div>
  )
}
