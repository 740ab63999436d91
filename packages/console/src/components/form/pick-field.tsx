import { Combobox } from '@base-ui/react/combobox'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Check, ChevronsUpDown } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { firstOf } from '../../api/queries.ts'
import { useName } from '../reference.tsx'
import { Field, type FieldProps } from './field.tsx'

export type Pickable = 'owners' | 'teams' | 'workloads' | 'resources' | 'credentials' | 'tenants'

interface Option {
  readonly id: string
  readonly name: string
  readonly detail: string
}

interface PickFieldProps extends FieldProps {
  readonly from: Pickable
  readonly value: string | undefined
  readonly onChange: (id: string | undefined) => void
  readonly filters?: Readonly<Record<string, string>>
  readonly placeholder?: string
}

const optionsMax = 30

/** Chooses one thing of the inventory by its name; the server searches, so it works with a million of them. */
export function PickField({
  label,
  hint,
  pointer,
  optional,
  from,
  value,
  onChange,
  filters = {},
  placeholder = 'Search by name',
}: PickFieldProps) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const { name } = useName(value)
  const found = useQuery({
    ...firstOf(from, { ...filters, limit: optionsMax, ...(q === '' ? {} : { q }) }),
    placeholderData: keepPreviousData,
  })
  const options: readonly Option[] = (found.data?.items ?? []).map((item) => ({ id: item.id, name: item.name, detail: detailOf(item) }))
  const chosen = value === undefined ? null : { id: value, name: name ?? value, detail: '' }
  return (
    <Field label={label} hint={hint} {...(pointer === undefined ? {} : { pointer })} {...(optional === undefined ? {} : { optional })}>
      {(control) => (
        <Combobox.Root
          items={options}
          filter={null}
          value={chosen}
          itemToStringLabel={(option: Option) => option.name}
          isItemEqualToValue={(one: Option, other: Option) => one.id === other.id}
          onValueChange={(next) => {
            onChange((next as Option | null)?.id)
            setTyped('')
          }}
          onInputValueChange={(text, { reason }) => setTyped(reason === 'input-change' ? text : '')}
          required={optional !== true}
        >
          <Combobox.InputGroup className="relative">
            <Combobox.Input {...control} placeholder={placeholder} className="control pr-9" />
            <Combobox.Trigger
              aria-label={`Show ${from}`}
              tabIndex={-1}
              className="absolute inset-y-0 right-1 flex w-7 items-center justify-center text-soft"
            >
              <ChevronsUpDown size={15} aria-hidden="true" />
            </Combobox.Trigger>
          </Combobox.InputGroup>
          <Combobox.Portal>
            <Combobox.Positioner sideOffset={4} className="z-[70] outline-none">
              <Combobox.Popup className="max-h-[min(20rem,var(--available-height))] w-[var(--anchor-width)] overflow-y-auto rounded-md border border-line bg-raised py-1 text-ink shadow-[0_10px_30px_rgb(8_14_12/0.2)]">
                <Combobox.Empty>
                  <p className="px-3 py-2.5 text-sm text-soft empty:hidden">{found.isPending ? 'Searching …' : 'Nothing has that name.'}</p>
                </Combobox.Empty>
                <Combobox.List>
                  {(option: Option) => (
                    <Combobox.Item
                      key={option.id}
                      value={option}
                      className="grid cursor-default grid-cols-[1rem_1fr] items-center gap-x-2 px-2.5 py-1.5 outline-none select-none data-highlighted:bg-accent-tint"
                    >
                      <Combobox.ItemIndicator className="col-start-1 text-accent">
                        <Check size={14} aria-hidden="true" />
                      </Combobox.ItemIndicator>
                      <span className="col-start-2 min-w-0">
                        <span className="block truncate">{option.name}</span>
                        <span className="block truncate text-xs text-soft">{option.detail}</span>
                      </span>
                    </Combobox.Item>
                  )}
                </Combobox.List>
              </Combobox.Popup>
            </Combobox.Positioner>
          </Combobox.Portal>
        </Combobox.Root>
      )}
    </Field>
  )
}

/** What tells two things of the same name apart. */
function detailOf(item: object): string {
  const parts = ['kind', 'type', 'provider', 'environment', 'contact', 'state'].flatMap((key) => {
    const value = (item as Record<string, unknown>)[key]
    return typeof value === 'string' && value !== 'active' ? [value.replaceAll('_', ' ')] : []
  })
  return parts.join(' · ')
}
