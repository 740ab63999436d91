import { useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { cache } from '../../api/cache.ts'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'
import { meQuery } from '../../api/me.ts'
import { ownPath } from '../../app/destination.ts'
import { spendProviderAnswer } from '../../app/provider-answer.ts'
import { Button, Spinner } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { SignInFrame } from './frame.tsx'

/** Where an identity provider sends people back: redeems what it sent, then to where they were going. */
export default function ProviderReturnPage() {
  const { provider = '' } = useParams({ strict: false }) as { provider?: string }
  const navigate = useNavigate()
  const begun = useRef(false)
  const finish = useAct(async () => {
    const query = spendProviderAnswer()
    if (query === undefined) throw new LocalError('There is nothing to finish here', 'Begin again at the sign-in page.')
    return await api.providerSignIn.finish({ provider, query })
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once; the answer works once
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    void finish.run().then((done) => {
      if (!done) return
      cache.setQueryData(meQuery.queryKey, done.answer.me)
      void navigate({ href: ownPath(done.answer.to), replace: true })
    })
  }, [])
  if (finish.failure)
    return (
      <SignInFrame title="That did not sign you in">
        <div className="grid gap-4">
          <FailureNotice failure={finish.failure} />
          <Button look="primary" onClick={() => void navigate({ to: '/sign-in', replace: true })}>
            To the sign-in page
          </Button>
        </div>
      </SignInFrame>
    )
  return (
    <SignInFrame title="Signing you in">
      <p role="status" className="flex items-center gap-2.5 text-soft">
        <Spinner /> Your provider’s answer is being checked …
      </p>
    </SignInFrame>
  )
}
