import { useQuery } from '@tanstack/react-query'
import { firstOf } from '../../api/queries.ts'
import { SelectField } from './select-field.tsx'

interface EnvironmentFieldProps {
  readonly value: string
  readonly onChange: (environment: string) => void
  readonly hint?: string
  readonly pointer?: string
}

export function EnvironmentField({ value, onChange, hint, pointer = '/environment' }: EnvironmentFieldProps) {
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const names = environments.map(({ name }) => name)
  const choices = names.includes(value) || value === '' ? names : [value, ...names]
  return (
    <SelectField
      label="Environment"
      pointer={pointer}
      hint={hint}
      value={value}
      onChange={onChange}
      choices={[...(value === '' ? [{ value: '', text: 'Choose …' }] : []), ...choices.map((name) => ({ value: name, text: name }))]}
    />
  )
}
