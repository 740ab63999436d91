import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { firstOf, type ListName, oneOf, type ShowName } from '../api/queries.ts'
import { kindOf } from '../format/kinds.ts'
import { shortId } from '../format/words.ts'
import { Skeleton } from './skeleton.tsx'

type Named = 'owners' | 'workloads' | 'resources' | 'credentials' | 'tenants' | 'users' | 'issuers'
const lists: Readonly<Record<string, Named>> = {
  own: 'owners',
  wl: 'workloads',
  res: 'resources',
  cred: 'credentials',
  ten: 'tenants',
  usr: 'users',
  iss: 'issuers',
}
const directoryItemsMax = 200

/**
 * The name of what an id names. One request fetches the first 200 names of a kind for the whole page; what is not among them is asked for by itself.
 */
export function useName(id: string | null | undefined): { readonly name: string | undefined; readonly known: boolean } {
  const kind = id ? lists[id.slice(0, id.indexOf('_'))] : undefined
  const directory = useQuery({
    ...firstOf((kind ?? 'owners') as ListName, { limit: directoryItemsMax }),
    enabled: kind !== undefined,
    staleTime: 30_000,
  })
  const found = (directory.data?.items as readonly { id: string; name: string }[] | undefined)?.find((item) => item.id === id)
  const alone = useQuery({
    ...oneOf((kind ?? 'owners') as ShowName, id ?? ''),
    enabled: kind !== undefined && found === undefined && !directory.isPending,
    staleTime: 30_000,
  })
  const name = found?.name ?? (alone.data as { name?: string } | undefined)?.name
  return { name, known: name !== undefined || kind === undefined || alone.isError }
}

/** What an id names, as a link to its page. */
export function Reference({ id, none = '–' }: { readonly id: string | null | undefined; readonly none?: string }) {
  const { name, known } = useName(id)
  if (id === null || id === undefined) return <span className="text-soft">{none}</span>
  const page = kindOf(id)
  const text = name ?? (known ? <span className="font-mono text-xs">{shortId(id)}</span> : <Skeleton width="6rem" />)
  if (page === undefined) return <span title={id}>{text}</span>
  return (
    <Link to={page.path} params={{ id }} title={id} className="text-ink decoration-line-strong underline hover:text-accent-strong">
      {text}
    </Link>
  )
}
