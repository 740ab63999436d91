import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Skeleton } from './skeleton.tsx'

export interface Column<Item> {
  readonly title: string
  readonly cell: (item: Item) => ReactNode
  readonly right?: boolean
  /** Never broken over lines. */
  readonly tight?: boolean
  /** Left out below 1100 px. */
  readonly wideOnly?: boolean
  /** Buttons: without its title on a phone. */
  readonly act?: boolean
}

interface TableProps<Item> {
  readonly label: string
  readonly columns: readonly Column<Item>[]
  readonly items: readonly Item[] | undefined
  readonly keyOf: (item: Item) => string
  readonly rowClass?: (item: Item) => string
}

const skeletonRows = ['a', 'b', 'c', 'd', 'e']

/** A table that turns into cards on a phone. The first column is what a row is called. Roles are said, for `display` takes them away. */
export function Table<Item>({ label, columns, items, keyOf, rowClass }: TableProps<Item>) {
  const classOf = (column: Column<Item>, at: number) =>
    classes(
      column.right && 'right figures',
      column.tight && 'tight',
      column.wideOnly && 'wide-only',
      at === 0 && 'lead',
      column.act && 'act',
    )
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: display:block on a phone takes the native roles away
    <table role="table" aria-label={label} aria-busy={items === undefined || undefined} className="grid-table">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.title}
              role="columnheader"
              scope="col"
              className={classes(column.right && 'right', column.wideOnly && 'wide-only')}
            >
              {column.act ? <span className="sr-only">{column.title}</span> : column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items === undefined
          ? skeletonRows.map((row) => (
              <tr key={row} role="row">
                {columns.map((column, at) => (
                  <td key={column.title} role="cell" data-label={column.title} className={classOf(column, at)}>
                    <Skeleton width={at === 0 ? '9rem' : '4.5rem'} />
                  </td>
                ))}
              </tr>
            ))
          : items.map((item) => (
              <tr key={keyOf(item)} role="row" className={rowClass?.(item)}>
                {columns.map((column, at) => (
                  <td key={column.title} role="cell" data-label={column.title} className={classOf(column, at)}>
                    {column.cell(item)}
                  </td>
                ))}
              </tr>
            ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: display:block on a phone takes the native roles away
  )
}
