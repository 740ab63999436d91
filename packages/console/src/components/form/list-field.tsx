import { X } from 'lucide-react'
import { useState } from 'react'
import { Field, type FieldProps } from './field.tsx'

interface ListFieldProps extends FieldProps {
  readonly values: readonly string[]
  readonly onChange: (values: readonly string[]) => void
  readonly placeholder?: string
  readonly suggestions?: readonly string[]
}

/** Several texts: Enter, a comma or leaving the field adds what is typed; Backspace in the empty field takes the last one away. */
export function ListField({ label, hint, pointer, optional, values, onChange, placeholder, suggestions = [] }: ListFieldProps) {
  const [typed, setTyped] = useState('')
  const add = (text: string) => {
    const more = text.split(/[\s,]+/).filter((part) => part !== '' && !values.includes(part))
    if (more.length > 0) onChange([...values, ...more])
    setTyped('')
  }
  const rest = suggestions.filter((suggestion) => !values.includes(suggestion))
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <>
          <div className="control flex flex-wrap items-center gap-1.5 has-[input:focus-visible]:border-accent has-[input:focus-visible]:outline-2 has-[input:focus-visible]:outline-accent">
            {values.map((value) => (
              <span
                key={value}
                className="inline-flex max-w-full items-center gap-1 rounded-[4px] bg-accent-tint py-0.5 pr-0.5 pl-2 font-mono text-xs text-accent-strong"
              >
                <span className="break-all">{value}</span>
                <button
                  type="button"
                  aria-label={`Remove ${value}`}
                  className="rounded-[3px] p-0.5 hover:bg-raised"
                  onClick={() => onChange(values.filter((one) => one !== value))}
                >
                  <X size={12} aria-hidden="true" />
                </button>
              </span>
            ))}
            <input
              {...control}
              type="text"
              spellCheck={false}
              autoCapitalize="off"
              required={optional !== true && values.length === 0}
              value={typed}
              placeholder={values.length === 0 ? placeholder : undefined}
              className="min-w-24 flex-1 bg-transparent py-0.5 font-mono text-sm outline-none placeholder:font-sans placeholder:text-soft"
              onChange={(event) => (event.target.value.endsWith(',') ? add(event.target.value) : setTyped(event.target.value))}
              onBlur={() => add(typed)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && typed.trim() !== '') {
                  event.preventDefault()
                  add(typed)
                }
                if (event.key === 'Backspace' && typed === '') onChange(values.slice(0, -1))
              }}
            />
          </div>
          {rest.length > 0 && (
            <div className="flex flex-wrap gap-1">
              {rest.map((suggestion) => (
                <button
                  key={suggestion}
                  type="button"
                  className="rounded-[4px] border border-line px-1.5 py-0.5 font-mono text-xs text-soft hover:border-line-strong hover:text-ink"
                  onClick={() => onChange([...values, suggestion])}
                >
                  <span aria-hidden="true">+ </span>
                  <span className="sr-only">Add </span>
                  {suggestion}
                </button>
              ))}
            </div>
          )}
        </>
      )}
    </Field>
  )
}
