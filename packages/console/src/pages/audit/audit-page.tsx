import { decisions } from '@keyward/contract/records'
import { useState } from 'react'
import type { ItemOf } from '../../api/queries.ts'
import { Badge, type Tone } from '../../components/badge.tsx'
import { FilterBar } from '../../components/inventory/filter-bar.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { useFilters } from '../../components/inventory/use-filters.ts'
import { Moment } from '../../components/moment.tsx'
import { Empty, PageFrame } from '../../components/page.tsx'
import { fromLocal, toLocal } from '../../format/time.ts'
import { word } from '../../format/words.ts'
import { EntryDrawer } from './entry-drawer.tsx'
import { EntryLine } from './entry-line.tsx'

type Entry = ItemOf<'audit'>

const tones: Readonly<Record<string, Tone>> = { allowed: 'ok', done: 'ok', refused: 'danger', failed: 'danger' }
const actions = [
  'gateway.call',
  'token.mint',
  'credential.create',
  'credential.update',
  'credential.add_version',
  'credential.revoke',
  'credential.delete',
  'resource.create',
  'resource.update',
  'workload.create',
  'workload.add_identity',
  'workload.revoke',
  'grant.create',
  'grant.update',
  'grant.revoke',
  'budget.create',
  'budget.update',
  'session.start',
  'session.end',
  'user.create',
  'user.update',
  'user.invite',
  'password.set',
  'passkey.add',
  'api_token.create',
]

export default function AuditPage() {
  const [filters, set] = useFilters()
  const [open, setOpen] = useState<Entry>()
  return (
    <PageFrame title="Audit" lead="Every decision and every act, newest first. No answer leaves Keyward before its record is durable.">
      <FilterBar
        filters={[
          { key: 'action', label: 'Action', choices: actions.map((value) => ({ value, text: value })) },
          { key: 'decision', label: 'Decision', choices: decisions.map((value) => ({ value, text: word(value) })) },
        ]}
      >
        {(['from', 'to'] as const).map((key) => (
          <label key={key} className="flex items-center gap-1.5 text-sm text-soft">
            {word(key)}
            <input
              type="datetime-local"
              className="control w-auto"
              value={filters[key] === undefined ? '' : toLocal(filters[key])}
              onChange={(event) => set(key, event.target.value === '' ? '' : fromLocal(event.target.value))}
            />
          </label>
        ))}
      </FilterBar>
      <PagedTable
        list="audit"
        filters={filters}
        label="Audit entries"
        keyOf={(entry) => entry.id}
        columns={[
          { title: 'What', cell: (entry) => <EntryLine entry={entry} /> },
          { title: 'Action', cell: (entry) => <code className="text-xs text-soft">{entry.action}</code>, wideOnly: true },
          {
            title: 'Decision',
            cell: (entry) => <Badge tone={tones[entry.decision] ?? 'neutral'}>{word(entry.decision)}</Badge>,
            tight: true,
          },
          { title: 'When', cell: (entry) => <Moment at={entry.at} />, tight: true },
          {
            title: 'Details',
            act: true,
            right: true,
            cell: (entry) => (
              <button
                type="button"
                className="rounded-[3px] text-sm text-accent-strong underline"
                aria-label={`Details of entry ${entry.seq}`}
                onClick={() => setOpen(entry)}
              >
                Details
              </button>
            ),
          },
        ]}
        empty={<Empty title="Nothing recorded yet">The first act or call appears here.</Empty>}
      />
      <EntryDrawer entry={open} onClose={() => setOpen(undefined)} />
    </PageFrame>
  )
}
