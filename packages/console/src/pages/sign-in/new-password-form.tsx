import { limits } from '@keyward/contract/limits'
import { useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { Form } from '../../components/form/form.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'

interface NewPasswordFormProps {
  /** Whoever signed in with a password has to give it again. */
  readonly wantsCurrent: boolean
  readonly onDone: () => void
}

export function NewPasswordForm({ wantsCurrent, onDone }: NewPasswordFormProps) {
  const current = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const set = useAct(async (secret: string, old: string) => {
    await api.me.setPassword({ password: secret, ...(wantsCurrent ? { current: old } : {}) })
  })
  return (
    <Form
      label="Set a password"
      failure={set.failure}
      onSubmit={async () => {
        const done = await set.run(readSecret(password), readSecret(current))
        if (!done) return
        clearSecret(password)
        clearSecret(current)
        onDone()
      }}
    >
      <div className="grid gap-3.5">
        {wantsCurrent && <SecretField label="Current password" pointer="/current" autoComplete="current-password" input={current} />}
        <SecretField
          label="New password"
          pointer="/password"
          hint={`At least ${limits.passwordCharsMin} characters; several words are good. Other sessions of yours end.`}
          autoComplete="new-password"
          minLength={limits.passwordCharsMin}
          input={password}
        />
        <Button type="submit" pending={set.pending}>
          Set the password
        </Button>
      </div>
    </Form>
  )
}
