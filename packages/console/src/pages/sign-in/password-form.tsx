import type { Me } from '@keyward/contract/people'
import { useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { Form } from '../../components/form/form.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'

interface PasswordFormProps {
  /** Given where it is known who signs in (again). */
  readonly name?: string
  readonly onDone: (me: Me) => void
}

export function PasswordForm({ name, onDone }: PasswordFormProps) {
  const [email, setEmail] = useState(name ?? '')
  const password = useRef<HTMLInputElement>(null)
  const signIn = useAct((secret: string) => api.signIn.byPassword({ email, password: secret }))
  return (
    <Form
      label="Sign in with a password"
      failure={signIn.failure}
      onSubmit={async () => {
        const secret = readSecret(password)
        const done = await signIn.run(secret)
        clearSecret(password)
        if (done) onDone(done.answer)
      }}
    >
      <div className="grid gap-3.5">
        <TextField
          label="E-mail address"
          hint={name === undefined ? 'The first administrator signs in as admin.' : undefined}
          pointer="/email"
          autoComplete="username"
          readOnly={name !== undefined}
          value={email}
          onChange={setEmail}
        />
        <SecretField label="Password" pointer="/password" autoComplete="current-password" input={password} />
        <Button type="submit" look={name === undefined ? 'quiet' : 'primary'} pending={signIn.pending} className="mt-1 w-full">
          Sign in
        </Button>
      </div>
    </Form>
  )
}
