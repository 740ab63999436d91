import { X } from 'lucide-react'
import { useFieldError } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { useName } from '../../components/reference.tsx'
import { shortId } from '../../format/words.ts'

interface DelegatesFieldProps {
  readonly values: readonly string[]
  readonly onChange: (workloads: readonly string[]) => void
}

/** Other workloads that may act under tokens of a grant: one is picked at a time. */
export function DelegatesField({ values, onChange }: DelegatesFieldProps) {
  const error = useFieldError('/delegates')
  return (
    <div className="grid content-start gap-2">
      <PickField
        label="May be handed on to"
        optional
        from="workloads"
        filters={{ state: 'active' }}
        placeholder="Add a workload"
        hint="Workloads that may exchange its tokens for ones of their own (RFC 8693). Nobody else can, and never for more than it allows."
        value={undefined}
        onChange={(id) => {
          if (id !== undefined && !values.includes(id)) onChange([...values, id])
        }}
      />
      {values.length > 0 && (
        <ul aria-label="May be handed on to" className="flex flex-wrap gap-1.5">
          {values.map((id) => (
            <Delegate key={id} id={id} onRemove={() => onChange(values.filter((one) => one !== id))} />
          ))}
        </ul>
      )}
      {error !== undefined && <p className="text-sm text-danger">{error}</p>}
    </div>
  )
}

function Delegate({ id, onRemove }: { readonly id: string; readonly onRemove: () => void }) {
  const name = useName(id).name ?? shortId(id)
  return (
    <li className="inline-flex max-w-full items-center gap-1 rounded-[4px] bg-accent-tint py-0.5 pr-0.5 pl-2 text-sm text-accent-strong">
      <span className="truncate">{name}</span>
      <button type="button" aria-label={`Remove ${name}`} className="rounded-[3px] p-1 hover:bg-raised" onClick={onRemove}>
        <X size={12} aria-hidden="true" />
      </button>
    </li>
  )
}
