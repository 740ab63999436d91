import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { oneOf } from '../../api/queries.ts'
import { Skeleton } from '../../components/skeleton.tsx'
import { shortId } from '../../format/words.ts'
import { useGrantName } from './grant-link.tsx'

/** A grant by its id alone. */
export function GrantName({ id }: { readonly id: string }) {
  const grant = useQuery({ ...oneOf('grants', id), staleTime: 60_000 })
  const name = useGrantName(grant.data)
  return (
    <Link to="/grants/$id" params={{ id }} title={id} className="text-ink decoration-line-strong underline hover:text-accent-strong">
      {name ?? (grant.isError ? shortId(id) : <Skeleton width="9rem" />)}
    </Link>
  )
}
