import type { Me } from '@keyward/contract/people'
import { useEffect, useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { spendLinkToken } from '../../app/link-token.ts'
import { Button, Spinner } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { SignInFrame } from './frame.tsx'

interface LinkSignInProps {
  /** Name of who is signed in in this browser; null: nobody; undefined: not known yet. */
  readonly signedInAs: string | null | undefined
  readonly onDone: (me: Me) => void
  readonly onGiveUp: () => void
}

/** Redeems a one-time link by POST. Where somebody is signed in already it asks first: a link must not change who one is unseen. */
export function LinkSignIn({ signedInAs, onDone, onGiveUp }: LinkSignInProps) {
  const redeem = useAct((token: string) => api.signIn.byLink({ token }))
  const begun = useRef(false)
  const go = async () => {
    const token = spendLinkToken()
    if (token === undefined) return
    const done = await redeem.run(token)
    if (done) onDone(done.answer)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as soon as it is known that nobody is signed in
  useEffect(() => {
    if (signedInAs !== null || begun.current) return
    begun.current = true
    void go()
  }, [signedInAs])
  if (redeem.failure)
    return (
      <SignInFrame title="This link did not sign you in">
        <div className="grid gap-4">
          <FailureNotice failure={redeem.failure} />
          <p>
            A link works once, for 10 minutes. Restart Keyward for a new first link, or ask an administrator for one (Users, then the
            person, then “Make a sign-in link”).
          </p>
          <Button onClick={onGiveUp}>Sign in another way</Button>
        </div>
      </SignInFrame>
    )
  if (typeof signedInAs === 'string' && !redeem.pending)
    return (
      <SignInFrame title="Use this sign-in link?" lead={`You are signed in as ${signedInAs} in this browser.`}>
        <div className="flex flex-wrap gap-2.5">
          <Button look="primary" onClick={() => void go()}>
            Use the link
          </Button>
          <Button onClick={onGiveUp}>Stay {signedInAs}</Button>
        </div>
      </SignInFrame>
    )
  return (
    <SignInFrame title="Signing you in">
      <p role="status" className="flex items-center gap-2.5 text-soft">
        <Spinner /> The link is being redeemed …
      </p>
    </SignInFrame>
  )
}
