import type { Grant } from '@keyward/contract/grants'
import { Link } from '@tanstack/react-router'
import { useName } from '../../components/reference.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { shortId } from '../../format/words.ts'

/** A grant has no name: it is its workload and its resource. */
export function useGrantName(grant: Pick<Grant, 'workload' | 'resource'> | undefined): string | undefined {
  const workload = useName(grant?.workload)
  const resource = useName(grant?.resource)
  if (!grant || !workload.known || !resource.known) return undefined
  return `${workload.name ?? shortId(grant.workload)} → ${resource.name ?? shortId(grant.resource)}`
}

/** Links to a grant by what the list that it stands in does not say already. */
export function GrantLink({ grant, show }: { readonly grant: Grant; readonly show: 'workload' | 'resource' | 'both' }) {
  const both = useGrantName(grant)
  const one = useName(show === 'resource' ? grant.resource : grant.workload)
  const text = show === 'both' ? both : (one.name ?? (one.known ? shortId(grant.id) : undefined))
  return (
    <Link to="/grants/$id" params={{ id: grant.id }} title={grant.id} className="font-semibold text-ink no-underline hover:underline">
      {text ?? <Skeleton width="9rem" />}
    </Link>
  )
}
