import type { RefObject } from 'react'
import { Field, type FieldProps } from './field.tsx'

interface SecretFieldProps extends FieldProps {
  readonly input: RefObject<HTMLInputElement | null>
  readonly autoComplete?: 'off' | 'new-password' | 'current-password'
  readonly placeholder?: string
  readonly minLength?: number
}

/**
 * Takes a secret. It lives in the input element alone, never in the state of the page, and shows nothing of itself; `takeSecret` empties it.
 */
export function SecretField({ label, hint, pointer, optional, input, autoComplete = 'off', placeholder, minLength }: SecretFieldProps) {
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <input
          {...control}
          ref={input}
          type="password"
          className="control font-mono"
          autoComplete={autoComplete}
          autoCapitalize="off"
          spellCheck={false}
          data-1p-ignore={autoComplete === 'off' ? true : undefined}
          data-lpignore={autoComplete === 'off' ? 'true' : undefined}
          required={optional !== true}
          minLength={minLength}
          placeholder={placeholder}
        />
      )}
    </Field>
  )
}

/** What was typed. */
export function readSecret(input: RefObject<HTMLInputElement | null>): string {
  return input.current?.value ?? ''
}

/** Empties the field: the secret has gone where it belongs. */
export function clearSecret(input: RefObject<HTMLInputElement | null>): void {
  if (input.current) input.current.value = ''
}
