import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../api/me.ts'
import { firstOf } from '../../api/queries.ts'
import { counted } from '../../format/numbers.ts'
import { Reference } from '../reference.tsx'
import { SkeletonLines } from '../skeleton.tsx'

const countedMax = 200
const namedMax = 5

interface WillEndProps {
  readonly filters: Readonly<Record<string, string>>
  readonly self: string
}

/** What revoking a workload, grant or tenant ends: live grants and tokens under it. */
export function WillEndAccess({ filters, self }: WillEndProps) {
  const mayReadTokens = useMay('token:read')
  const isGrant = filters.grant !== undefined
  const grants = useQuery({ ...firstOf('grants', { ...filters, state: 'active', limit: countedMax }), enabled: !isGrant })
  const tokens = useQuery({
    ...firstOf('tokens', { ...filters, state: 'live', limit: countedMax }),
    enabled: mayReadTokens && filters.tenant === undefined,
  })
  if ((!isGrant && grants.isPending) || (tokens.isLoading && mayReadTokens)) return <SkeletonLines lines={2} />
  const some = (number: number) => `${number}${number === countedMax ? ' or more' : ''}`
  const grantItems = grants.data?.items ?? []
  const tokenItems = tokens.data?.items ?? []
  return (
    <ul className="list-disc pl-5">
      <li>{self}, for good</li>
      {!isGrant && (
        <li>
          {grantItems.length === 0
            ? 'no active grant'
            : grantItems.length === 1
              ? '1 active grant'
              : `${some(grantItems.length)} active grants`}
          {grantItems.length > 0 && (
            <>
              {' '}
              (
              {grantItems.slice(0, namedMax).map((grant, at) => (
                <span key={grant.id}>
                  {at > 0 && ', '}
                  <Reference id={grant.resource} />
                </span>
              ))}
              {grantItems.length > namedMax && ' …'})
            </>
          )}
        </li>
      )}
      {mayReadTokens && filters.tenant === undefined && (
        <li>{tokenItems.length === 0 ? 'no live token' : counted(tokenItems.length, 'live token')}</li>
      )}
      <li>every stream that is open under it</li>
    </ul>
  )
}

/** What revoking a credential ends: its secrets, and so the resources that are bound to it. */
export function WillEndCredential({ id, versions }: { readonly id: string; readonly versions: number }) {
  const resources = useQuery(firstOf('resources', { credential: id, limit: countedMax }))
  if (resources.isPending) return <SkeletonLines lines={2} />
  const items = resources.data?.items ?? []
  return (
    <ul className="list-disc pl-5">
      <li>{counted(versions, 'secret version')} in the vault</li>
      <li>
        {items.length === 0 ? 'no resource is bound to it' : `all calls through ${counted(items.length, 'resource')}: `}
        {items.slice(0, namedMax).map((resource, at) => (
          <span key={resource.id}>
            {at > 0 && ', '}
            <Reference id={resource.id} />
          </span>
        ))}
        {items.length > namedMax && ' …'}
      </li>
      <li>not the key at the provider: end it there, too</li>
    </ul>
  )
}
