import { outcomes } from '@keyward/contract/records'
import { useQuery } from '@tanstack/react-query'
import { Pause, Play } from 'lucide-react'
import { useRef, useState } from 'react'
import { failureOf } from '../../api/failure.ts'
import { firstOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { FilterBar } from '../../components/inventory/filter-bar.tsx'
import { useFilters } from '../../components/inventory/use-filters.ts'
import { Empty, PageFrame } from '../../components/page.tsx'
import { word } from '../../format/words.ts'
import type { Call } from './call.ts'
import { CallDrawer } from './call-drawer.tsx'
import { CallTable } from './call-table.tsx'
import { useCalls } from './use-calls.ts'

const pollMs = 2_000
const chooseFromMax = 200

/** Calls as they happen. */
export default function CallsPage() {
  const [filters] = useFilters()
  const [running, setRunning] = useState(true)
  const [open, setOpen] = useState<Call>()
  const { calls, error, mayReadAudit } = useCalls(filters, running && open === undefined ? pollMs : false)
  const workloads = useQuery({ ...firstOf('workloads', { limit: chooseFromMax }), staleTime: 30_000 }).data?.items ?? []
  const resources = useQuery({ ...firstOf('resources', { limit: chooseFromMax }), staleTime: 30_000 }).data?.items ?? []
  const openedAt = useRef(new Date().toISOString())
  return (
    <PageFrame
      title="Live calls"
      lead={
        mayReadAudit
          ? 'The newest calls at the gateway, refusals included.'
          : 'The newest settled calls. Refusals are shown to admins and auditors.'
      }
      actions={
        <>
          <span aria-live="polite" className="flex items-center gap-2 text-sm text-soft">
            <span className={running ? 'size-2 rounded-full bg-ok' : 'size-2 rounded-full bg-line-strong'} aria-hidden="true" />
            {running ? 'Every 2 s' : 'Paused'}
          </span>
          <Button
            icon={running ? <Pause size={15} aria-hidden="true" /> : <Play size={15} aria-hidden="true" />}
            onClick={() => setRunning(!running)}
          >
            {running ? 'Pause' : 'Go on'}
          </Button>
        </>
      }
    >
      <FilterBar
        filters={[
          { key: 'workload', label: 'Workload', choices: workloads.map(({ id, name }) => ({ value: id, text: name })) },
          { key: 'resource', label: 'Resource', choices: resources.map(({ id, name }) => ({ value: id, text: name })) },
          {
            key: 'outcome',
            label: 'Outcome',
            choices: [...(mayReadAudit ? ['refused', 'running'] : []), ...outcomes].map((value) => ({ value, text: word(value) })),
          },
        ]}
      />
      {error !== null && calls === undefined ? (
        <FailureNotice failure={failureOf(error)} />
      ) : (
        <div className="rounded-lg border border-line bg-surface">
          {error !== null && (
            <p role="alert" className="border-b border-line px-4 py-2 text-sm text-danger">
              {failureOf(error).title}: what is shown may be old. Trying again.
            </p>
          )}
          {calls?.length === 0 ? (
            <Empty title={Object.keys(filters).length > 0 ? 'No call fits' : 'No call yet'}>
              {Object.keys(filters).length > 0
                ? 'Change or remove a filter.'
                : 'Once an agent calls through Keyward it is here within 2 seconds.'}
            </Empty>
          ) : (
            <CallTable calls={calls} onOpen={setOpen} isNew={(call) => call.at > openedAt.current} />
          )}
        </div>
      )}
      <CallDrawer call={open} onClose={() => setOpen(undefined)} />
    </PageFrame>
  )
}
