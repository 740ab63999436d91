import { type ReactNode, useId } from 'react'
import { useFieldError } from './form.tsx'

interface CheckFieldProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly pointer?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

export function CheckField({ label, hint, pointer, checked, onChange }: CheckFieldProps) {
  const id = useId()
  const error = useFieldError(pointer)
  return (
    <div className="grid grid-cols-[auto_1fr] items-start gap-x-2.5">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        aria-invalid={error === undefined ? undefined : true}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-1 size-4 accent-accent"
      />
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <p id={`${id}-hint`} className="col-start-2 text-xs text-soft">
        {hint}
      </p>
      {error !== undefined && <p className="col-start-2 text-sm text-danger">{error}</p>}
    </div>
  )
}

interface CheckListProps<Value extends string> {
  readonly label: string
  readonly pointer?: string
  readonly values: readonly Value[]
  readonly choices: readonly { readonly value: Value; readonly text: string; readonly hint?: string }[]
  readonly onChange: (values: readonly Value[]) => void
}

/** Several of a few. */
export function CheckList<Value extends string>({ label, pointer, values, choices, onChange }: CheckListProps<Value>) {
  const error = useFieldError(pointer)
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1 text-sm font-medium">{label}</legend>
      {choices.map((choice) => (
        <CheckField
          key={choice.value}
          label={choice.text}
          hint={choice.hint}
          checked={values.includes(choice.value)}
          onChange={(checked) =>
            onChange(choices.map((one) => one.value).filter((value) => (value === choice.value ? checked : values.includes(value))))
          }
        />
      ))}
      {error !== undefined && <p className="text-sm text-danger">{error}</p>}
    </fieldset>
  )
}
