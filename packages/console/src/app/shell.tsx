import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Menu } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { cache, onSessionEnd } from '../api/cache.ts'
import { failureOf } from '../api/failure.ts'
import { meQuery } from '../api/me.ts'
import { Dialog } from '../components/dialog.tsx'
import { FailureNotice } from '../components/failure-notice.tsx'
import { Logo } from '../components/logo.tsx'
import { SkeletonLines } from '../components/skeleton.tsx'
import { Toasts } from '../components/toast.tsx'
import { AccountBar } from './account-bar.tsx'
import { NavList } from './nav-list.tsx'
import { useShortcuts } from './shortcuts.ts'

const ShortcutHelp = lazy(() => import('./shortcut-help.tsx'))
const SecondOpinionWait = lazy(() => import('./second-opinion.tsx'))
const FreshAuth = lazy(() => import('./fresh-auth.tsx'))

/** What stands around every page of somebody who is signed in. Nobody is: to the sign-in, and back afterwards. */
export function Shell() {
  const me = useQuery(meQuery)
  const navigate = useNavigate()
  const address = useRouterState({ select: (state) => state.location.href })
  const [menu, setMenu] = useState(false)
  const [help, setHelp] = useState(false)
  useShortcuts(() => setHelp(true))

  useEffect(() => onSessionEnd(() => cache.setQueryData(meQuery.queryKey, null)), [])
  const isOut = me.data === null
  useEffect(() => {
    // The address changes before the page does: it is left alone once it is the sign-in's.
    if (!isOut || address.startsWith('/sign-in')) return
    cache.removeQueries({ predicate: (query) => query.queryKey[0] !== 'me' })
    void navigate({ to: '/sign-in', search: address === '/' ? {} : { to: address }, replace: true })
  }, [isOut, address, navigate])

  if (me.isError)
    return (
      <main className="mx-auto max-w-lg px-4 py-20">
        <FailureNotice failure={failureOf(me.error)} onRetry={() => void me.refetch()} />
      </main>
    )
  return (
    <>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:bg-raised focus:px-3 focus:py-2"
      >
        To the content
      </a>
      <div className="min-h-dvh lg:grid lg:grid-cols-[14.5rem_1fr]">
        <aside aria-label="Console" className="sticky top-0 hidden h-dvh flex-col gap-5 border-r border-line px-3 py-4 lg:flex">
          <Brand />
          <div className="-mx-1 min-h-0 flex-1 overflow-y-auto px-1">{me.data ? <NavList /> : <SkeletonLines lines={6} />}</div>
          <AccountBar />
        </aside>
        <header className="sticky top-0 z-20 flex h-13 items-center justify-between border-b border-line bg-paper px-3 lg:hidden">
          <Brand />
          <button type="button" aria-label="Menu" aria-expanded={menu} className="rounded-[5px] p-2.5" onClick={() => setMenu(true)}>
            <Menu size={20} aria-hidden="true" />
          </button>
        </header>
        <main id="content" tabIndex={-1} className="min-w-0 outline-none">
          {me.data && <Outlet />}
        </main>
      </div>
      <Dialog open={menu} onClose={() => setMenu(false)} title="Keyward" place="side">
        <div className="grid gap-6">
          <NavList onGo={() => setMenu(false)} />
          <AccountBar onGo={() => setMenu(false)} />
        </div>
      </Dialog>
      <Suspense>
        {help && <ShortcutHelp onClose={() => setHelp(false)} />}
        {me.data && <FreshAuth />}
        {me.data && <SecondOpinionWait />}
      </Suspense>
      <Toasts />
    </>
  )
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2.5 px-1.5 text-ink no-underline">
      <Logo />
      <span className="text-lg font-semibold tracking-tight">Keyward</span>
    </Link>
  )
}
