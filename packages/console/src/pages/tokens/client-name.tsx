import { useQuery } from '@tanstack/react-query'
import { oneOf } from '../../api/queries.ts'
import { useName } from '../../components/reference.tsx'
import { shortId } from '../../format/words.ts'

/** The program that a person connected: by its name where it is registered, by its host where it is known by an address. */
export function ClientName({ client }: { readonly client: string }) {
  const registered = useQuery({ ...oneOf('oauthClients', client), staleTime: 60_000, enabled: client.startsWith('cli_') })
  const workload = useName(client.startsWith('wl_') ? client : undefined)
  const name = registered.data?.name ?? workload.name ?? URL.parse(client)?.host ?? shortId(client)
  return (
    <span title={client} className="break-words">
      {name}
    </span>
  )
}
