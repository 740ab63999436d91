import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react'
import type { Failure } from '../../api/failure.ts'
import { FailureNotice } from '../failure-notice.tsx'

const FailureContext = createContext<Failure | undefined>(undefined)

interface FormProps {
  readonly label: string
  /** For a submit button that stands outside of it. */
  readonly id?: string
  readonly failure: Failure | undefined
  readonly onSubmit: () => void
  readonly children: ReactNode
}

/** A form whose refused fields say so beside themselves; the first of them gets the focus. */
export function Form({ label, id, failure, onSubmit, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (failure !== undefined && failure.fields.length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [failure])
  return (
    <form
      ref={form}
      id={id}
      aria-label={label}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <FailureContext value={failure}>
        {failure && (
          <div className="mb-4">
            <FailureNotice failure={failure} />
          </div>
        )}
        {children}
      </FailureContext>
    </form>
  )
}

/** What the server said about a field, by its JSON pointer; about what is inside of it, too. */
export function useFieldError(pointer: string | undefined): string | undefined {
  const failure = useContext(FailureContext)
  if (pointer === undefined) return undefined
  const found = failure?.fields.filter(({ field }) => field === pointer || field.startsWith(`${pointer}/`))
  return found && found.length > 0 ? found.map(({ message }) => message).join('; ') : undefined
}
