import { Field, type FieldProps } from './field.tsx'

export interface Choice<Value extends string = string> {
  readonly value: Value
  readonly text: string
}

interface SelectFieldProps<Value extends string> extends FieldProps {
  readonly value: Value
  readonly choices: readonly Choice<Value>[]
  readonly onChange: (value: Value) => void
}

export function SelectField<Value extends string>({ label, hint, pointer, optional, value, choices, onChange }: SelectFieldProps<Value>) {
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <select {...control} className="control" value={value} onChange={(event) => onChange(event.target.value as Value)}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
