import type { Me } from '@keyward/contract/people'
import { useQuery } from '@tanstack/react-query'
import { Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { cache } from '../../api/cache.ts'
import { meQuery } from '../../api/me.ts'
import { ownPath } from '../../app/destination.ts'
import { hasLinkToken } from '../../app/link-token.ts'
import { keepOnward, takeOnward } from '../../app/onward.ts'
import { SignInFrame } from './frame.tsx'
import { LinkSignIn } from './link-sign-in.tsx'
import { PasskeyButton } from './passkey-button.tsx'
import { PasswordForm } from './password-form.tsx'
import { ProviderButtons } from './provider-buttons.tsx'
import { signInProvidersQuery } from './provider-queries.ts'

/** By link, passkey or password; then to where the person was going. */
export default function SignInPage() {
  const { to } = useSearch({ strict: false }) as { to?: string }
  const navigate = useNavigate()
  const me = useQuery(meQuery)
  const providers = useQuery(signInProvidersQuery).data?.items ?? []
  const [byLink, setByLink] = useState(hasLinkToken)
  const [entering, setEntering] = useState(false)
  useEffect(() => {
    // A link that is opened in a tab that shows this page already changes the fragment alone.
    const onHash = () => window.location.reload()
    window.addEventListener('hashchange', onHash)
    return () => window.removeEventListener('hashchange', onHash)
  }, [])
  useEffect(() => {
    if (to !== undefined) keepOnward(ownPath(to))
  }, [to])
  const enter = (signedIn: Me) => {
    setEntering(true)
    cache.setQueryData(meQuery.queryKey, signedIn)
    const kept = takeOnward()
    const onward = to === undefined ? kept : ownPath(to)
    void navigate({ href: signedIn.needs_sign_in_method ? `/welcome?${new URLSearchParams({ to: onward })}` : onward, replace: true })
  }
  if (byLink)
    return (
      <LinkSignIn signedInAs={me.isPending ? undefined : (me.data?.user.name ?? null)} onDone={enter} onGiveUp={() => setByLink(false)} />
    )
  if (me.data && !entering) return <Navigate to={ownPath(to) as '/'} replace />
  return (
    <SignInFrame
      title="Sign in"
      lead={to === undefined ? undefined : 'Your session has ended or you are not signed in. You get back to where you were.'}
    >
      <div className="grid gap-5">
        {providers.length > 0 && <ProviderButtons providers={providers} to={ownPath(to)} />}
        <PasskeyButton onDone={enter} />
        <div className="flex items-center gap-3 text-xs text-soft">
          <span className="h-px flex-1 bg-line" />
          or
          <span className="h-px flex-1 bg-line" />
        </div>
        <PasswordForm onDone={enter} />
        <details className="text-sm text-soft">
          <summary className="w-fit cursor-pointer rounded-[3px] hover:text-ink">No way in?</summary>
          <p className="mt-2">
            An administrator can make a sign-in link for you under Users. On the machine itself, <code>keyward login --local</code> gets a
            local administrator in for an hour. As long as no administrator has a passkey or password, Keyward prints a new link each time
            it starts.
          </p>
        </details>
      </div>
    </SignInFrame>
  )
}
