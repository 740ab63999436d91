import { type ReactNode, useEffect } from 'react'
import { ThemeToggle } from '../../app/account-bar.tsx'
import { Logo } from '../../components/logo.tsx'

/** What stands around the pages before the console. */
export function SignInFrame({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Keyward`
  }, [title])
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-4 py-3 sm:px-6">
        <span className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
          <Logo /> Keyward
        </span>
        <ThemeToggle />
      </header>
      <main className="mx-auto w-full max-w-md flex-1 px-4 pt-[7vh] pb-16">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {lead !== undefined && <div className="mt-1.5 text-soft">{lead}</div>}
        <div className="mt-6 rounded-lg border border-line bg-surface p-5">{children}</div>
        <p className="mt-6 text-sm text-soft">Keyward lends agents short-lived authority instead of keys.</p>
      </main>
    </div>
  )
}
