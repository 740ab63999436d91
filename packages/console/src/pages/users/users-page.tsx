import type { RoleBinding } from '@keyward/contract/people'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { word } from '../../format/words.ts'
import { RolesText } from './role-text.tsx'
import { RolesField } from './roles-field.tsx'

export default function UsersPage() {
  return (
    <ListPage
      list="users"
      title="Users & roles"
      lead="People who use this console and the API, and what they may do."
      searchLabel="Search name or e-mail"
      filters={[{ key: 'state', label: 'State', choices: ['active', 'disabled'].map((value) => ({ value, text: word(value) })) }]}
      actions={
        <CreateButton needs="user:create" text="Add a user" description="Then make a sign-in link for them.">
          {(close) => <UserForm onClose={close} />}
        </CreateButton>
      }
      keyOf={(user) => user.id}
      columns={[
        {
          title: 'Name',
          cell: (user) => (
            <>
              <Link to="/users/$id" params={{ id: user.id }} className="font-semibold text-ink no-underline hover:underline">
                {user.name}
              </Link>
              <span className="block text-xs text-soft">{user.email ?? 'built-in, signs in as admin'}</span>
            </>
          ),
        },
        { title: 'Roles', cell: (user) => <RolesText roles={user.roles} /> },
        { title: 'Signs in with', cell: (user) => signInText(user.sign_in), wideOnly: true },
        { title: 'Last sign-in', cell: (user) => <Moment at={user.last_sign_in_at} />, tight: true },
        { title: 'State', cell: (user) => <StateBadge state={user.state} />, tight: true },
      ]}
      empty={<Empty title="Nobody" />}
    />
  )
}

export function signInText({ password, passkeys }: { readonly password: boolean; readonly passkeys: number }): string {
  const ways = [passkeys > 0 && (passkeys === 1 ? 'a passkey' : `${passkeys} passkeys`), password && 'a password'].filter(
    (way) => way !== false,
  )
  return ways.length === 0 ? 'nothing yet' : ways.join(', ')
}

function UserForm({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [roles, setRoles] = useState<readonly RoleBinding[]>([{ role: 'viewer' }])
  const navigate = useNavigate()
  const create = useAct(() => api.users.create({ name, email, roles: [...roles] }))
  return (
    <Form
      label="Add a user"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (!done) return
        onClose()
        void navigate({ to: '/users/$id', params: { id: done.answer.id } })
      }}
    >
      <div className="grid gap-4">
        <TextField label="Name" pointer="/name" value={name} onChange={setName} autoFocus />
        <TextField label="E-mail address" type="email" pointer="/email" value={email} onChange={setEmail} />
        <RolesField value={roles} onChange={setRoles} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the user
        </Button>
      </DialogActions>
    </Form>
  )
}
