import type { RoleBinding, SignInLink, User, UserUpdate } from '@keyward/contract/people'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ShownOnce } from '../../components/code.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { RecentActs } from '../audit/recent-acts.tsx'
import { RolesText } from './role-text.tsx'
import { RolesField } from './roles-field.tsx'
import { UserSessions } from './user-sessions.tsx'
import { signInText } from './users-page.tsx'

const back = { to: '/users', text: 'Users & roles' }

export default function UserPage() {
  return (
    <Detail of="users" what="User" back={back}>
      {(user) => <Shown user={user} />}
    </Detail>
  )
}

function Shown({ user }: { readonly user: User }) {
  const me = useMe()
  const [editing, setEditing] = useState(false)
  const [link, setLink] = useState<SignInLink>()
  const invite = useAct(() => api.users.invite(user.id))
  const turn = useAct((state: 'active' | 'disabled') => api.users.update(user.id, { state }))
  const self = me?.user.id === user.id
  const active = user.state === 'active'
  return (
    <PageFrame
      title={user.name}
      back={back}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={user.state} /> <RolesText roles={user.roles} />
        </span>
      }
      actions={
        <>
          <ActButton
            needs="user:invite"
            pending={invite.pending}
            disabledReason={active ? undefined : 'They are disabled: make them active first.'}
            onClick={async () => {
              const done = await invite.run()
              if (done) setLink(done.answer)
            }}
          >
            Make a sign-in link
          </ActButton>
          <ActButton needs="user:update" onClick={() => setEditing(true)}>
            Edit
          </ActButton>
          <ActButton
            needs="user:update"
            pending={turn.pending}
            disabledReason={self ? 'You can’t disable yourself.' : undefined}
            onClick={async () => {
              if (await turn.run(active ? 'disabled' : 'active'))
                say(active ? `${user.name} is disabled; their sessions ended.` : `${user.name} is active.`)
            }}
          >
            {active ? 'Disable' : 'Make active'}
          </ActButton>
          {!self && (
            <DeleteButton
              needs="user:update"
              text="Erase"
              name={user.name}
              consequence="They are disabled for good, and their personal data is erased, also beside the audit log. What they did stays recorded without it."
              act={() => api.users.erase(user.id)}
              then="/users"
            />
          )}
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <FailureNotice failure={invite.failure ?? turn.failure} />
          {link && (
            <div>
              <ShownOnce label="A sign-in link for 10 minutes, for one use" secret={link.url} />
              <p className="mt-1.5 text-sm text-soft">
                Send it to {user.name} over a channel that only they read. It ends <Moment at={link.expires_at} />.
              </p>
            </div>
          )}
          <UserSessions user={user.id} />
          <RecentActs filters={{ actor: user.id }} />
        </div>
        <Panel title="What is known" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={user.id} />],
              ['E-mail', user.email ?? 'none: signs in as admin'],
              ['Roles', <RolesText key="roles" roles={user.roles} />],
              ['Signs in with', signInText(user.sign_in)],
              ['Last sign-in', <Moment key="last" at={user.last_sign_in_at} />],
              ['Added', <Moment key="added" at={user.created_at} />],
            ]}
          />
        </Panel>
      </div>
      {editing && <UserEdit user={user} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}

function UserEdit({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  // What groups of a provider gave is the provider's to change.
  const given: readonly RoleBinding[] = user.roles.filter(({ source }) => source === undefined)
  const { values, set } = useFields({ name: user.name, email: user.email ?? '', roles: given })
  const update = useAct((changes: UserUpdate) => api.users.update(user.id, changes))
  return (
    <Dialog open stays onClose={onClose} title={`Edit ${user.name}`}>
      <Form
        label={`Edit ${user.name}`}
        failure={update.failure}
        onSubmit={async () => {
          const changes = {
            ...(values.name === user.name ? {} : { name: values.name }),
            ...(values.email === (user.email ?? '') ? {} : { email: values.email }),
            ...(JSON.stringify(values.roles) === JSON.stringify(given) ? {} : { roles: [...values.roles] }),
          }
          if (Object.keys(changes).length > 0 && !(await update.run(changes))) return
          say('Saved.')
          onClose()
        }}
      >
        <div className="grid gap-4">
          <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
          <TextField
            label="E-mail address"
            optional={user.email === null}
            type="email"
            pointer="/email"
            value={values.email}
            onChange={set('email')}
          />
          <RolesField value={values.roles} onChange={set('roles')} />
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" pending={update.pending}>
            Save
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}
