import { useState } from 'react'
import { cache } from '../../api/cache.ts'
import { meQuery, useMe } from '../../api/me.ts'
import { Button } from '../../components/button.tsx'
import { Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { NewPasswordForm } from '../sign-in/new-password-form.tsx'

export function Password() {
  const me = useMe()
  const [setting, setSetting] = useState(false)
  const has = me?.user.sign_in.password ?? false
  return (
    <Panel
      title="Password"
      note={has ? 'Set.' : 'None set.'}
      actions={!setting && <Button onClick={() => setSetting(true)}>{has ? 'Change the password' : 'Set a password'}</Button>}
    >
      {setting && (
        <div className="max-w-sm">
          <NewPasswordForm
            wantsCurrent={has && me?.session.method === 'password'}
            onDone={() => {
              setSetting(false)
              say('The password is set. Other sessions of yours have ended.')
              void cache.invalidateQueries({ queryKey: meQuery.queryKey })
            }}
          />
        </div>
      )}
    </Panel>
  )
}
