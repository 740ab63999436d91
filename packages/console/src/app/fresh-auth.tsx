import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { cache } from '../api/cache.ts'
import { provideFreshAuth } from '../api/fresh.ts'
import { meQuery, useMe } from '../api/me.ts'
import { Dialog } from '../components/dialog.tsx'
import { PasskeyButton } from '../pages/sign-in/passkey-button.tsx'
import { PasswordForm } from '../pages/sign-in/password-form.tsx'
import { ProviderButtons } from '../pages/sign-in/provider-buttons.tsx'
import { myLinksQuery } from '../pages/sign-in/provider-queries.ts'

/** Asks for a new authentication where an act needs one, and lets the act go on. */
export default function FreshAuth() {
  const me = useMe()
  const links = useQuery({ ...myLinksQuery, enabled: me !== null && me !== undefined }).data?.items ?? []
  const [answer, setAnswer] = useState<(done: boolean) => void>()
  useEffect(() => provideFreshAuth(() => new Promise<boolean>((resolve) => setAnswer(() => resolve))), [])
  const end = (done: boolean) => {
    answer?.(done)
    setAnswer(undefined)
    if (done) void cache.invalidateQueries({ queryKey: meQuery.queryKey })
  }
  if (answer === undefined || !me) return null
  const { password, passkeys } = me.user.sign_in
  return (
    <Dialog
      open
      stays
      above
      onClose={() => end(false)}
      title="Confirm that it is you"
      description="This act needs a sign-in of the last 10 minutes. It goes on right after."
    >
      <div className="grid gap-5">
        {passkeys > 0 && <PasskeyButton onDone={() => end(true)} />}
        {password && <PasswordForm name={me.user.email ?? 'admin'} onDone={() => end(true)} />}
        {links.length > 0 && (
          <div className="grid gap-2">
            <ProviderButtons
              providers={links.map(({ provider }) => provider)}
              to={window.location.pathname + window.location.search}
              again
            />
            <p className="text-xs text-soft">Your provider asks who you are and sends you back to this page: then do it once more.</p>
          </div>
        )}
        {!password && passkeys === 0 && links.length === 0 && (
          <p>
            You have neither a passkey nor a password yet, so only a new sign-in link helps: restart Keyward or ask an administrator for
            one, open it, and set a passkey or password at once.
          </p>
        )}
      </div>
    </Dialog>
  )
}
