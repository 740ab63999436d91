import { budgetWindows } from '@keyward/contract/words'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { oneOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { usdPattern } from '../../format/money.ts'
import { word } from '../../format/words.ts'
import { GrantFields } from './grant-fields.tsx'
import { emptyGrant, endOf, grantBody } from './grant-values.ts'

interface GrantFormProps {
  readonly workload?: string
  readonly onClose: () => void
}

/** Lets a workload use a resource; with a budget, if one is given. */
export function GrantForm({ workload: given, onClose }: GrantFormProps) {
  const [workload, setWorkload] = useState(given)
  const [resource, setResource] = useState<string>()
  const [tenant, setTenant] = useState<string>()
  const [reason, setReason] = useState('')
  const [budget, setBudget] = useState({ usd: '', window: 'month' as (typeof budgetWindows)[number] })
  const { values, set } = useFields(emptyGrant)
  const navigate = useNavigate()
  const chosen = useQuery({ ...oneOf('resources', resource ?? ''), enabled: resource !== undefined }).data
  const kind = chosen?.kind ?? 'llm'
  // Made once, also where setting its budget has to be repeated.
  const made = useRef<string>(undefined)
  const create = useAct(async () => {
    const end = endOf(values)
    made.current ??= (
      await api.grants.create({
        workload: workload ?? '',
        resource: resource ?? '',
        ...(tenant === undefined ? {} : { tenant }),
        ...grantBody(values, kind),
        ...(end === undefined ? {} : { expires_at: end }),
        ...(values.minimumAssurance === '' ? {} : { minimum_assurance: values.minimumAssurance }),
        ...(reason.trim() === '' ? {} : { reason }),
      })
    ).id
    if (budget.usd !== '') await api.budgets.create({ scope: { grant: made.current }, limit_usd: budget.usd, window: budget.window })
    return made.current
  })
  return (
    <Form
      label="Add a grant"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (!done) return
        onClose()
        say('The grant is in force.')
        void navigate({ to: '/grants/$id', params: { id: done.answer } })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <PickField
          label="Workload"
          pointer="/workload"
          from="workloads"
          filters={{ state: 'active' }}
          value={workload}
          onChange={setWorkload}
        />
        <PickField label="Resource" pointer="/resource" from="resources" value={resource} onChange={setResource} />
        <PickField
          label="Tenant"
          optional
          pointer="/tenant"
          from="tenants"
          filters={{ state: 'active' }}
          hint="Its tokens are for this customer alone."
          value={tenant}
          onChange={setTenant}
        />
        <TextField label="Why" optional pointer="/reason" placeholder="answers support tickets" value={reason} onChange={setReason} />
        <GrantFields kind={kind} provider={chosen?.provider ?? null} values={values} set={set} />
        <TextField
          label="Budget, in US dollars"
          optional
          inputMode="decimal"
          pattern={usdPattern}
          pointer="/limit_usd"
          placeholder="25.00"
          hint="A hard ceiling. Can be set later, too."
          value={budget.usd}
          onChange={(usd) => setBudget({ ...budget, usd })}
        />
        <SelectField
          label="For"
          value={budget.window}
          onChange={(window) => setBudget({ ...budget, window })}
          choices={budgetWindows.map((value) => ({ value, text: word(value) }))}
        />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Grant it
        </Button>
      </DialogActions>
    </Form>
  )
}
