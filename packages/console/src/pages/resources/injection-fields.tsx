import type { Injection } from '@keyward/contract/resources'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'

export interface InjectionValues {
  readonly style: 'default' | 'bearer' | 'header' | 'basic'
  readonly header: string
  readonly username: string
}

export function injectionOf(values: InjectionValues): Injection | undefined {
  if (values.style === 'bearer') return { style: 'bearer' }
  if (values.style === 'header') return { style: 'header', header: values.header }
  return values.style === 'basic' ? { style: 'basic', username: values.username } : undefined
}

export function injectionText(injection: Injection): string {
  if (injection.style === 'header') return `in the header ${injection.header}`
  return injection.style === 'basic' ? `as the password of ${injection.username || 'an empty user name'}` : 'as a bearer token'
}

/** How the secret is handed to the upstream. */
export function InjectionFields({
  value,
  onChange,
}: {
  readonly value: InjectionValues
  readonly onChange: (value: InjectionValues) => void
}) {
  return (
    <>
      <SelectField
        label="The key is sent"
        pointer="/injection"
        value={value.style}
        onChange={(style) => onChange({ ...value, style })}
        choices={[
          { value: 'default', text: 'as the provider expects it' },
          { value: 'bearer', text: 'as a bearer token' },
          { value: 'header', text: 'in a header of its own' },
          { value: 'basic', text: 'as a basic password' },
        ]}
      />
      {value.style === 'header' ? (
        <TextField
          label="Header"
          pointer="/injection/header"
          placeholder="x-api-key"
          value={value.header}
          onChange={(header) => onChange({ ...value, header })}
        />
      ) : value.style === 'basic' ? (
        <TextField
          label="User name"
          optional
          pointer="/injection/username"
          value={value.username}
          onChange={(username) => onChange({ ...value, username })}
        />
      ) : (
        <div className="hidden sm:block" />
      )}
    </>
  )
}
