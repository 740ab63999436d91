import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { failureOf } from '../api/failure.ts'
import { oneOf, type ShowName, type ShownBy } from '../api/queries.ts'
import { FailureNotice } from './failure-notice.tsx'
import { PageFrame, Panel } from './page.tsx'
import { SkeletonLines } from './skeleton.tsx'

interface DetailProps<Name extends ShowName> {
  readonly of: Name
  readonly what: string
  readonly back: { readonly to: string; readonly text: string }
  readonly children: (item: ShownBy<Name>) => ReactNode
}

/** The page of one thing, by the id in its address: waits, fails and shows in one way. */
export function Detail<Name extends ShowName>({ of, what, back, children }: DetailProps<Name>) {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({ ...oneOf(of, id), refetchInterval: 10_000 })
  if (query.data !== undefined) return children(query.data as ShownBy<Name>)
  return (
    <PageFrame title={what} back={back}>
      {query.isError ? (
        <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />
      ) : (
        <Panel>
          <SkeletonLines lines={6} />
        </Panel>
      )}
    </PageFrame>
  )
}
