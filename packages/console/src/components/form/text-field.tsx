import type { ComponentProps } from 'react'
import { Field, type FieldProps } from './field.tsx'

interface TextFieldProps extends FieldProps, Omit<ComponentProps<'input'>, 'id' | 'value' | 'onChange'> {
  readonly value: string
  readonly onChange: (value: string) => void
}

export function TextField({ label, hint, pointer, optional, value, onChange, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <input
          type="text"
          spellCheck={false}
          required={optional !== true}
          {...rest}
          {...control}
          className="control"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

interface TextAreaFieldProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly mono?: boolean
  readonly placeholder?: string
}

export function TextAreaField({ label, hint, pointer, optional, value, onChange, mono = false, placeholder }: TextAreaFieldProps) {
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <textarea
          {...control}
          required={optional !== true}
          placeholder={placeholder}
          className={mono ? 'control font-mono' : 'control'}
          spellCheck={!mono}
          rows={mono ? 4 : 3}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
