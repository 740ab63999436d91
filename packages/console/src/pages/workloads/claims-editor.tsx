import { Plus, X } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { useFieldError } from '../../components/form/form.tsx'
import { type ClaimRow, type How, newRow } from './claim-rows.ts'

const hows: readonly (readonly [How, string])[] = [
  ['is', 'is'],
  ['one_of', 'is one of'],
  ['prefix', 'begins with'],
  ['contains', 'is a list with'],
]
const rowsMax = 20

interface ClaimsEditorProps {
  readonly rows: readonly ClaimRow[]
  readonly onChange: (rows: readonly ClaimRow[]) => void
}

/** All conditions of a rule as they are sent: what the questions above ask for, and whatever else the issuer says. */
export function ClaimsEditor({ rows, onChange }: ClaimsEditorProps) {
  const change = (row: ClaimRow, next: Partial<ClaimRow>) => onChange(rows.map((one) => (one === row ? { ...one, ...next } : one)))
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-sm font-medium">Every claim that has to hold</legend>
      {rows.length === 0 && <p className="text-sm text-soft">None yet.</p>}
      {rows.map((row, at) => (
        <div
          key={row.id}
          className="grid grid-cols-[1fr_auto] gap-1.5 rounded-md bg-sunken p-2 sm:grid-cols-[5fr_3.5fr_6fr_auto] sm:bg-transparent sm:p-0"
        >
          <input
            type="text"
            aria-label={`Claim ${at + 1}`}
            className="control font-mono text-sm"
            placeholder="claim"
            spellCheck={false}
            autoCapitalize="off"
            value={row.name}
            onChange={(event) => change(row, { name: event.target.value })}
          />
          <select
            aria-label={`How claim ${at + 1} is compared`}
            className="control max-sm:col-span-2 max-sm:row-start-2"
            value={row.how}
            onChange={(event) => change(row, { how: event.target.value as How })}
          >
            {hows.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
          <input
            type="text"
            aria-label={`Value of claim ${at + 1}`}
            className="control font-mono text-sm max-sm:col-span-2 max-sm:row-start-3"
            placeholder={row.how === 'one_of' ? 'one, another' : 'value'}
            spellCheck={false}
            autoCapitalize="off"
            value={row.value}
            onChange={(event) => change(row, { value: event.target.value })}
          />
          <button
            type="button"
            aria-label={`Remove claim ${row.name === '' ? at + 1 : row.name}`}
            className="grid size-9 place-items-center rounded-[5px] text-soft hover:bg-sunken hover:text-ink max-sm:col-start-2 max-sm:row-start-1"
            onClick={() => onChange(rows.filter((one) => one !== row))}
          >
            <X size={15} aria-hidden="true" />
          </button>
        </div>
      ))}
      <div className="flex flex-wrap items-center gap-3">
        <Button
          small
          icon={<Plus size={14} aria-hidden="true" />}
          disabledReason={rows.length >= rowsMax ? `A rule has ${rowsMax} conditions at most.` : undefined}
          onClick={() => onChange([...rows, newRow()])}
        >
          Add a claim
        </Button>
        <p className="text-xs text-soft">
          One that lies deeper is a JSON pointer, such as <code>/kubernetes.io/namespace</code>.
        </p>
      </div>
    </fieldset>
  )
}

/** What the server said about the claims as a whole. */
export function ClaimsError() {
  const error = useFieldError('/claims')
  return error === undefined ? null : (
    <p className="text-sm text-danger" role="alert">
      {error}
    </p>
  )
}
