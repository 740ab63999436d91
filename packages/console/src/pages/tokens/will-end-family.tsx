import { useQuery } from '@tanstack/react-query'
import { Reference } from '../../components/reference.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { counted } from '../../format/numbers.ts'
import { lineageOf } from './lineage-query.ts'
import { holderOf } from './token-words.tsx'

const namedMax = 5

/** What revoking a token ends: itself, and what was handed on from it. */
export function WillEndFamily({ id }: { readonly id: string }) {
  const { data } = useQuery(lineageOf(id))
  if (data === undefined) return <SkeletonLines lines={2} />
  const live = data.descendants.filter((token) => token.state === 'live')
  const holders = [...new Set(live.map(holderOf))]
  const number = live.length + data.descendants_left_out
  return (
    <ul className="list-disc pl-5">
      <li>
        this token, held by <Reference id={holderOf(data.token)} />
      </li>
      <li>
        {number === 0
          ? 'nothing more: it was not handed on'
          : `${data.descendants_left_out > 0 ? 'up to ' : ''}${counted(number, 'live token')} handed on from it`}
        {holders.length > 0 && (
          <>
            {', held by '}
            {holders.slice(0, namedMax).map((holder, at) => (
              <span key={holder}>
                {at > 0 && ', '}
                <Reference id={holder} />
              </span>
            ))}
            {holders.length > namedMax && ' …'}
          </>
        )}
      </li>
      <li>every stream that is open under them</li>
    </ul>
  )
}
