import { useQuery } from '@tanstack/react-query'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { goTo } from '../sign-in/provider-buttons.tsx'
import { myLinksQuery, signInProvidersQuery } from '../sign-in/provider-queries.ts'

/** Identity providers by which one signs in, and those that can be connected. Nothing where the installation has none. */
export function Providers() {
  const links = useQuery(myLinksQuery).data?.items ?? []
  const offered = useQuery(signInProvidersQuery).data?.items ?? []
  const connect = useAct(async (provider: string) => goTo((await api.myLinks.start({ provider, to: '/account' })).url))
  const remove = useAct((provider: string) => api.myLinks.remove(provider))
  const connected = new Set(links.map(({ provider }) => provider.id))
  const others = offered.filter(({ id }) => !connected.has(id))
  if (links.length === 0 && others.length === 0) return null
  return (
    <Panel title="Sign-in by provider" note="Accounts elsewhere that sign you in here.">
      <FailureNotice failure={connect.failure ?? remove.failure} />
      <ul className="grid gap-2.5">
        {links.map(({ provider, subject, last_used_at }) => (
          <li key={provider.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <span className="min-w-0">
              <span className="font-medium">{provider.name}</span>{' '}
              <span className="text-sm break-all text-soft">
                as {subject}, last used <Moment at={last_used_at} />
              </span>
            </span>
            <Button
              small
              look="plain"
              aria-label={`Disconnect ${provider.name}`}
              onClick={async () => {
                if (await remove.run(provider.id)) say(`${provider.name} is disconnected.`)
              }}
            >
              Disconnect
            </Button>
          </li>
        ))}
        {others.map(({ id, name }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <span className="font-medium">{name}</span>
            <Button small aria-label={`Connect ${name}`} pending={connect.pending} onClick={() => void connect.run(id)}>
              Connect
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
