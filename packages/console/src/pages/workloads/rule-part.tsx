import type { Issuer } from '@keyward/contract/issuers'
import { CheckField } from '../../components/form/check-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { PlainCode } from '../../components/plain-code.tsx'
import type { ClaimRow } from './claim-rows.ts'
import { ClaimsEditor, ClaimsError } from './claims-editor.tsx'
import { type RuleField, ruleFields, singleUseHint } from './rule-fields.ts'

interface RulePartProps {
  readonly issuer: Issuer
  readonly rows: readonly ClaimRow[]
  readonly singleUse: boolean
  readonly onRows: (rows: readonly ClaimRow[]) => void
  readonly onSingleUse: (singleUse: boolean) => void
}

/** Who it is at its platform: first by what matters there, and behind that by any claim. */
export function RulePart({ issuer, rows, singleUse, onRows, onSingleUse }: RulePartProps) {
  return (
    <div className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        {ruleFields[issuer.preset].map((field) => (
          <Question key={field.label} field={field} rows={rows} onRows={onRows} />
        ))}
      </div>
      <ClaimsError />
      <details className="rounded-md border border-line px-3 py-2.5">
        <summary className="w-fit cursor-pointer text-sm font-medium">
          Claims <span className="font-normal text-soft">({rows.length})</span>
        </summary>
        <div className="mt-3">
          <ClaimsEditor rows={rows} onChange={onRows} />
        </div>
      </details>
      <CheckField
        label="Take each token once"
        hint={<PlainCode text={`By its jti. ${singleUseHint[issuer.preset]}`} />}
        pointer="/single_use"
        checked={singleUse}
        onChange={onSingleUse}
      />
    </div>
  )
}

function Question({
  field,
  rows,
  onRows,
}: {
  readonly field: RuleField
  readonly rows: readonly ClaimRow[]
  readonly onRows: RulePartProps['onRows']
}) {
  const value = field.read(rows)
  const common = { label: field.label, ...(field.hint === undefined ? {} : { hint: <PlainCode text={field.hint} /> }) }
  if (value === undefined || (field.choices && !field.choices.some((choice) => choice.value === value)))
    return (
      <div className="grid content-start gap-1 text-sm">
        <p className="font-medium">{field.label}</p>
        <p className="text-soft">Asked for in another way, among the claims below.</p>
      </div>
    )
  const write = (text: string) => onRows(field.write(rows, text))
  if (field.choices) return <SelectField {...common} optional={false} value={value} choices={field.choices} onChange={write} />
  return (
    <TextField
      {...common}
      optional={field.optional ?? false}
      required={false}
      placeholder={field.placeholder}
      autoCapitalize="off"
      value={value}
      onChange={write}
    />
  )
}
