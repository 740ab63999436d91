import { useQuery } from '@tanstack/react-query'
import { Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { Fingerprint } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { cache } from '../../api/cache.ts'
import { meQuery } from '../../api/me.ts'
import { ownPath } from '../../app/destination.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { SignInFrame } from './frame.tsx'
import { NewPasswordForm } from './new-password-form.tsx'
import { addPasskey, passkeyObstacle } from './passkeys.ts'

/** After a link: a way to sign in next time; then to where the person was going, such as a client that waits for their yes. */
export default function WelcomePage() {
  const { to } = useSearch({ strict: false }) as { to?: string }
  const navigate = useNavigate()
  const me = useQuery(meQuery)
  const [withPassword, setWithPassword] = useState(false)
  const passkey = useAct(() => addPasskey('This device'))
  const obstacle = passkeyObstacle()
  const go = async () => {
    await cache.invalidateQueries({ queryKey: meQuery.queryKey })
    void navigate({ href: ownPath(to), replace: true })
  }
  if (me.data === null) return <Navigate to="/sign-in" replace />
  return (
    <SignInFrame
      title={`Welcome, ${me.data?.user.name ?? ''}`}
      lead="You are signed in. Set up how you sign in next time: your link is used up."
    >
      <div className="grid gap-4">
        <FailureNotice failure={passkey.failure} />
        <Button
          look="primary"
          icon={<Fingerprint size={17} aria-hidden="true" />}
          pending={passkey.pending}
          disabledReason={obstacle}
          onClick={async () => (await passkey.run()) && (await go())}
        >
          Set up a passkey
        </Button>
        <p className="-mt-2 text-xs text-soft">
          {obstacle ?? 'Your device confirms that it is you. Nothing to remember, nothing to steal from a server.'}
        </p>
        {withPassword ? (
          <div className="border-t border-line pt-4">
            <NewPasswordForm wantsCurrent={false} onDone={() => void go()} />
          </div>
        ) : (
          <Button onClick={() => setWithPassword(true)}>Set a password instead</Button>
        )}
        <div className="border-t border-line pt-4">
          <Button look="plain" small className="-ml-2.5" onClick={() => void go()}>
            Skip for now
          </Button>
          <p className="mt-1 text-xs text-soft">
            Without either, this session is all there is: when it ends you need a new link (a restart of Keyward prints one as long as no
            administrator has a passkey or password).
          </p>
        </div>
      </div>
    </SignInFrame>
  )
}
