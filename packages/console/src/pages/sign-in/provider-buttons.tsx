import type { SignInProvider } from '@keyward/contract/identity-providers'
import { LogIn } from 'lucide-react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'

interface ProviderButtonsProps {
  readonly providers: readonly SignInProvider[]
  /** Path to come back to. */
  readonly to: string
  /** The provider shall ask again, though it knows who this is. */
  readonly again?: boolean
}

/** A button for each identity provider; the browser leaves this page. */
export function ProviderButtons({ providers, to, again = false }: ProviderButtonsProps) {
  const leave = useAct(async (provider: string) => goTo((await api.providerSignIn.start({ provider, to, again })).url))
  return (
    <div className="grid gap-3">
      <FailureNotice failure={leave.failure} />
      {providers.map(({ id, name }) => (
        <Button
          key={id}
          className="w-full min-w-0"
          icon={<LogIn size={16} aria-hidden="true" className="shrink-0" />}
          pending={leave.pending}
          onClick={() => void leave.run(id)}
        >
          <span className="truncate">Continue with {name}</span>
        </Button>
      ))}
    </div>
  )
}

/** Leaves for a provider: nothing but a web address is gone to. */
export function goTo(url: string): void {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new LocalError('The provider named no web address', 'Ask an administrator.')
  window.location.assign(url)
}
