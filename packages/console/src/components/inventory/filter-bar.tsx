import { Search, X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useName } from '../reference.tsx'
import { useFilters } from './use-filters.ts'

export interface Filter {
  readonly key: string
  readonly label: string
  readonly choices: readonly { readonly value: string; readonly text: string }[]
}

interface FilterBarProps {
  readonly filters: readonly Filter[]
  /** Given where the list can be searched. */
  readonly search?: { readonly label: string; readonly value: string; readonly onChange: (q: string) => void }
  readonly children?: ReactNode
}

const typingMs = 250

export function FilterBar({ filters, search, children }: FilterBarProps) {
  const [values, set] = useFilters()
  const known = new Set(filters.map(({ key }) => key))
  const pinned = Object.entries(values).filter(([key, value]) => !known.has(key) && /^[a-z]+_[0-9a-z]{26}$/.test(value))
  return (
    <search className="mb-3 flex flex-wrap items-center gap-2">
      {search && <SearchBox {...search} />}
      {filters.map((filter) => (
        <select
          key={filter.key}
          aria-label={filter.label}
          className="control w-auto flex-1 basis-36 sm:max-w-44 sm:flex-none"
          value={values[filter.key] ?? ''}
          onChange={(event) => set(filter.key, event.target.value)}
        >
          <option value="">{filter.label}: all</option>
          {filter.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.text}
            </option>
          ))}
        </select>
      ))}
      {pinned.map(([key, id]) => (
        <PinnedFilter key={key} name={key} id={id} onRemove={() => set(key, '')} />
      ))}
      {children}
    </search>
  )
}

/** A filter that came with the link: "workload: support-agent", and a way to be rid of it. */
function PinnedFilter({ name, id, onRemove }: { readonly name: string; readonly id: string; readonly onRemove: () => void }) {
  const named = useName(id)
  return (
    <span className="inline-flex h-9 items-center gap-1.5 rounded-[5px] bg-accent-tint pr-1.5 pl-2.5 text-sm text-accent-strong">
      {name}: {named.name ?? id}
      <button type="button" aria-label={`Remove the filter ${name}`} className="rounded-[3px] p-1 hover:bg-raised" onClick={onRemove}>
        <X size={13} aria-hidden="true" />
      </button>
    </span>
  )
}

function SearchBox({ label, value, onChange }: { readonly label: string; readonly value: string; readonly onChange: (q: string) => void }) {
  const [typed, setTyped] = useState(value)
  useEffect(() => {
    if (typed === value) return undefined
    const timer = setTimeout(() => onChange(typed), typingMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <div className="relative min-w-52 flex-1 basis-full sm:max-w-80 sm:basis-auto">
      <Search size={15} aria-hidden="true" className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-soft" />
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        className="control pl-8"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  )
}
