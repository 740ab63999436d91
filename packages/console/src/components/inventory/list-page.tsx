import { type ReactNode, useState } from 'react'
import type { ItemOf, ListName } from '../../api/queries.ts'
import { PageFrame } from '../page.tsx'
import type { Column } from '../table.tsx'
import { type Filter, FilterBar } from './filter-bar.tsx'
import { PagedTable } from './paged-table.tsx'
import { useFilters } from './use-filters.ts'

interface ListPageProps<Name extends ListName> {
  readonly list: Name
  readonly title: string
  readonly lead: ReactNode
  readonly columns: readonly Column<ItemOf<Name>>[]
  readonly keyOf: (item: ItemOf<Name>) => string
  readonly filters?: readonly Filter[]
  /** What the search looks at; left out where the list can't be searched. */
  readonly searchLabel?: string
  readonly actions?: ReactNode
  /** Shown where there is nothing at all: says what to do. */
  readonly empty: ReactNode
}

/** A list of the inventory: what it is, filters and search, the rows, and more of them. */
export function ListPage<Name extends ListName>({
  list,
  title,
  lead,
  columns,
  keyOf,
  filters = [],
  searchLabel,
  actions,
  empty,
}: ListPageProps<Name>) {
  const [chosen] = useFilters()
  const [q, setQ] = useState('')
  const query = { ...chosen, ...(q.trim() === '' ? {} : { q: q.trim() }) }
  return (
    <PageFrame title={title} lead={lead} actions={actions}>
      {(filters.length > 0 || searchLabel !== undefined || Object.keys(chosen).length > 0) && (
        <FilterBar filters={filters} {...(searchLabel === undefined ? {} : { search: { label: searchLabel, value: q, onChange: setQ } })} />
      )}
      <PagedTable list={list} filters={query} label={title} columns={columns} keyOf={keyOf} empty={empty} />
    </PageFrame>
  )
}
