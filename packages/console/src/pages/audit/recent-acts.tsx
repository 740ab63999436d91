import { useMay } from '../../api/me.ts'
import { Go } from '../../app/go.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { EntryLine } from './entry-line.tsx'

const shownMax = 8

/** The newest audit entries that name something, for those who may read them. */
export function RecentActs({ filters }: { readonly filters: Readonly<Record<string, string>> }) {
  const may = useMay('audit:read')
  if (!may) return null
  return (
    <Panel title="Audit" actions={<Go to={`/audit?${new URLSearchParams(filters)}`}>All of it</Go>} flush>
      <PagedTable
        bare
        list="audit"
        filters={{ ...filters, limit: shownMax }}
        label="Newest audit entries"
        keyOf={(entry) => entry.id}
        columns={[
          { title: 'What', cell: (entry) => <EntryLine entry={entry} /> },
          { title: 'When', cell: (entry) => <Moment at={entry.at} />, tight: true, right: true },
        ]}
        empty={<Empty title="Nothing recorded yet" />}
      />
    </Panel>
  )
}
