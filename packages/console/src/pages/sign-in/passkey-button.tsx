import type { Me } from '@keyward/contract/people'
import { browserSupportsWebAuthn, startAuthentication } from '@simplewebauthn/browser'
import { Fingerprint } from 'lucide-react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { passkeyFailure, passkeyObstacle } from './passkeys.ts'

/** Signs in with a passkey. */
export function PasskeyButton({ onDone }: { readonly onDone: (me: Me) => void }) {
  const signIn = useAct(async () => {
    const options = await api.signIn.passkeyOptions()
    const response = await passkeyFailure(() =>
      startAuthentication({ optionsJSON: options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON'] }),
    )
    return await api.signIn.byPasskey({ response: { ...response } })
  })
  const obstacle = browserSupportsWebAuthn() ? passkeyObstacle() : 'This browser has no passkeys'
  return (
    <div className="grid gap-3">
      <FailureNotice failure={signIn.failure} />
      <Button
        look="primary"
        className="w-full"
        icon={<Fingerprint size={17} aria-hidden="true" />}
        pending={signIn.pending}
        disabledReason={obstacle}
        onClick={async () => {
          const done = await signIn.run()
          if (done) onDone(done.answer)
        }}
      >
        Sign in with a passkey
      </Button>
      {obstacle !== undefined && <p className="text-xs text-soft">{obstacle}</p>}
    </div>
  )
}
