import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { failureOf } from '../../api/failure.ts'
import { type Filters, type ItemOf, type ListName, listOf } from '../../api/queries.ts'
import { counted } from '../../format/numbers.ts'
import { Button } from '../button.tsx'
import { classes } from '../classes.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { Empty } from '../page.tsx'
import { type Column, Table } from '../table.tsx'

interface PagedTableProps<Name extends ListName> {
  readonly list: Name
  readonly filters: Filters
  readonly label: string
  readonly columns: readonly Column<ItemOf<Name>>[]
  readonly keyOf: (item: ItemOf<Name>) => string
  readonly empty: ReactNode
  readonly bare?: boolean
}

/** Rows of a list, a page at a time. */
export function PagedTable<Name extends ListName>({ list, filters, label, columns, keyOf, empty, bare = false }: PagedTableProps<Name>) {
  const query = useInfiniteQuery({ ...listOf(list, filters), placeholderData: keepPreviousData })
  const items = query.data?.pages.flatMap((page) => page.items)
  if (query.isError && items === undefined) return <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />
  const filtered = Object.values(filters).some((value) => value !== undefined && value !== '')
  return (
    <div className={classes(!bare && 'rounded-lg border border-line bg-surface')}>
      {items?.length === 0 ? (
        filtered && !bare ? (
          <Empty title="Nothing matches">Change or remove a filter, or search for less.</Empty>
        ) : (
          empty
        )
      ) : (
        <div className={classes(query.isPlaceholderData && 'opacity-60')}>
          <Table label={label} columns={columns} items={items} keyOf={keyOf} />
        </div>
      )}
      {items !== undefined && items.length > 0 && (query.hasNextPage || items.length > 20) && (
        <div className="flex items-center justify-between gap-3 border-t border-line px-4 py-2.5 text-sm text-soft">
          <span aria-live="polite">{counted(items.length, 'row')} shown</span>
          {query.hasNextPage && (
            <Button small pending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
