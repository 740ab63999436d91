import { type Detection, detectionStates, severities, sightingSources } from '@keyward/contract/detections'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { failureOf } from '../../api/failure.ts'
import { firstOf, listOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { Code } from '../../components/code.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { FilterBar } from '../../components/inventory/filter-bar.tsx'
import { useFilters } from '../../components/inventory/use-filters.ts'
import { Moment } from '../../components/moment.tsx'
import { Empty, PageFrame } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { Table } from '../../components/table.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { DetectionDrawer, type Opened } from './detection-drawer.tsx'
import { KeyHints } from './key-hints.tsx'
import { useTriage } from './use-triage.ts'
import { DetectionState, OwnerGuess, SeverityBadge, Sources, sourceNames } from './words.tsx'

const noDetections: readonly Detection[] = []

/** Secrets that scanners saw outside the vault: what is open first, to be adopted, replaced or dismissed. */
export default function DiscoveryPage() {
  const [filters, set] = useFilters()
  const [q, setQ] = useState('')
  const [opened, setOpened] = useState<Opened>()
  const { state = 'open', ...others } = filters
  const asked = { ...others, ...(state === 'all' ? {} : { state }), ...(q.trim() === '' ? {} : { q: q.trim() }) }
  const query = useInfiniteQuery({ ...listOf('detections', asked), placeholderData: keepPreviousData })
  const items = query.data?.pages.flatMap((page) => page.items)
  const anything = useQuery(firstOf('detections', { limit: 1 }))
  const isNarrowed = q.trim() !== '' || Object.keys(others).length > 0
  const { chosen, button } = useTriage(items ?? noDetections, setOpened)
  return (
    <PageFrame title="Discovery" lead="Secrets that scanners saw outside the vault. Only digests are here, never a secret.">
      <FilterBar
        search={{ label: 'Search name, provider, path', value: q, onChange: setQ }}
        filters={[
          { key: 'severity', label: 'Severity', choices: severities.map((value) => ({ value, text: word(value) })) },
          { key: 'source', label: 'Seen in', choices: sightingSources.map((value) => ({ value, text: sourceNames[value] })) },
        ]}
      >
        <select
          aria-label="State"
          className="control w-auto flex-1 basis-36 sm:max-w-44 sm:flex-none"
          value={state}
          onChange={(event) => set('state', event.target.value === 'open' ? '' : event.target.value)}
        >
          {[...detectionStates, 'all'].map((value) => (
            <option key={value} value={value}>
              State: {value}
            </option>
          ))}
        </select>
      </FilterBar>
      {query.isError && items === undefined ? (
        <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />
      ) : (
        <div className="rounded-lg border border-line bg-surface">
          {items?.length === 0 ? (
            <NothingHere isNarrowed={isNarrowed} state={state} isNew={anything.data?.items.length === 0} />
          ) : (
            <Table
              label="Detections"
              items={items}
              keyOf={(one) => one.id}
              rowClass={(one) => (one.id === chosen ? 'bg-accent-tint' : '')}
              columns={[
                {
                  title: 'Secret',
                  cell: (one) => (
                    <>
                      <button
                        type="button"
                        {...button(one.id)}
                        className="rounded-[3px] text-left font-semibold hover:underline"
                        onClick={() => setOpened({ id: one.id, dismissing: false })}
                      >
                        {one.name}
                        <span className="sr-only">, details</span>
                      </button>
                      <span className="mt-1 block font-mono text-xs text-soft">{one.masked}</span>
                    </>
                  ),
                },
                { title: 'Severity', cell: (one) => <SeverityBadge severity={one.severity} />, tight: true },
                { title: 'Seen in', cell: (one) => <Sources detection={one} /> },
                { title: 'Brought in by', cell: (one) => <OwnerGuess guess={one.owner_guess} /> },
                { title: 'Credential', cell: (one) => <Reference id={one.credential} none="none" /> },
                { title: 'First reported', cell: (one) => <Moment at={one.first_seen_at} />, tight: true },
                { title: 'State', cell: (one) => <DetectionState state={one.state} />, tight: true },
              ]}
            />
          )}
          {query.hasNextPage && (
            <div className="flex items-center justify-between gap-3 border-t border-line px-4 py-2.5 text-sm text-soft">
              <span aria-live="polite">{counted(items?.length ?? 0, 'row')} shown</span>
              <Button small pending={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </div>
      )}
      {items !== undefined && items.length > 0 && <KeyHints />}
      <DetectionDrawer opened={opened} onOpen={setOpened} />
    </PageFrame>
  )
}

/** No row: because nothing was ever reported, because nothing is open, or because of a filter. */
function NothingHere({ isNarrowed, state, isNew }: { readonly isNarrowed: boolean; readonly state: string; readonly isNew: boolean }) {
  if (isNarrowed) return <Empty title="Nothing matches">Change or remove a filter, or search for less.</Empty>
  if (isNew)
    return (
      <Empty
        title="Nothing was reported yet"
        action={
          <div className="w-full max-w-md text-left">
            <Code label="Command that scans and reports" text="keyward scan --report-to" />
          </div>
        }
      >
        Run this in a repository, with a login here: it finds secrets in files, git history, images and logs, and tells digests of them.
      </Empty>
    )
  if (state === 'open') return <Empty title="Nothing is open">Everything that was reported is adopted or dismissed.</Empty>
  return <Empty title={`Nothing is ${state}`}>Choose another state to see the rest.</Empty>
}
