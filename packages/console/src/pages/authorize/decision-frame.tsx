import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouterState } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { cache, tellSessionEnd } from '../../api/cache.ts'
import { api } from '../../api/client.ts'
import { failureOf } from '../../api/failure.ts'
import { meQuery } from '../../api/me.ts'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { SignInFrame } from '../sign-in/frame.tsx'

/** A page on which somebody signed in decides one thing, with nothing around it. Nobody is: to the sign-in, and back with what was asked. */
export function DecisionFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const me = useQuery(meQuery)
  const navigate = useNavigate()
  const address = useRouterState({ select: (state) => state.location.href })
  const isOut = me.data === null
  useEffect(() => {
    if (isOut && !address.startsWith('/sign-in')) void navigate({ to: '/sign-in', search: { to: address }, replace: true })
  }, [isOut, address, navigate])
  if (me.isError)
    return (
      <SignInFrame title={title}>
        <FailureNotice failure={failureOf(me.error)} onRetry={() => void me.refetch()} />
      </SignInFrame>
    )
  if (!me.data) return null
  const { name, email } = me.data.user
  return (
    <SignInFrame
      title={title}
      lead={
        <span className="text-sm">
          You are signed in as <b className="font-semibold text-ink">{name}</b>
          {email === null ? '' : `, ${email}`}.{' '}
          <button type="button" className="underline hover:text-ink" onClick={() => void signOut()}>
            Not you?
          </button>
        </span>
      }
    >
      {children}
    </SignInFrame>
  )
}

async function signOut(): Promise<void> {
  await api.signIn.out()
  tellSessionEnd()
  cache.setQueryData(meQuery.queryKey, null)
}

/** Something that the person should weigh before they say yes. */
export function Warning({ children }: { readonly children: ReactNode }) {
  return (
    <div className="flex gap-2.5 rounded-md bg-brass-tint px-3.5 py-3 text-sm text-ink">
      <TriangleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-brass" />
      <div>{children}</div>
    </div>
  )
}

/** A page that just appeared under the pointer takes no click that was meant for what lay there before. */
const settleMs = 600

/** False until the page has been in sight for a moment. */
export function useSettled(): boolean {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const begin = () => {
      clearTimeout(timer)
      setSettled(false)
      if (document.visibilityState === 'visible') timer = setTimeout(() => setSettled(true), settleMs)
    }
    begin()
    document.addEventListener('visibilitychange', begin)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', begin)
    }
  }, [])
  return settled
}
