import type { Grant } from '@keyward/contract/grants'
import type { Resource } from '@keyward/contract/resources'
import { type BudgetWindow, budgetWindows } from '@keyward/contract/words'
import type { Workload } from '@keyward/contract/workloads'
import { useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { Form } from '../../components/form/form.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { usdPattern } from '../../format/money.ts'
import { word } from '../../format/words.ts'
import { presetOf } from '../credentials/presets.ts'
import { emptyGrant, grantBody } from '../grants/grant-values.ts'

interface GrantStepProps {
  readonly workload: Workload
  readonly resource: Resource
  readonly onDone: (grant: Grant) => void
}

/** Grants it the resource: which models, how much money, for how long a token. */
export function GrantStep({ workload, resource, onDone }: GrantStepProps) {
  const preset = presetOf(resource.provider)
  const isLlm = resource.kind === 'llm'
  const { values, set } = useFields({
    models: (preset?.models.slice(0, 2) ?? ['*']) as readonly string[],
    paths: ['/**'] as readonly string[],
    budget: isLlm ? '5.00' : '',
    window: 'day' as BudgetWindow,
    minutes: '10',
  })
  const made = useRef<Grant>(undefined)
  const create = useAct(async () => {
    made.current ??= await api.grants.create({
      workload: workload.id,
      resource: resource.id,
      ...grantBody(
        { ...emptyGrant, models: values.models, methods: ['GET', 'POST'], paths: values.paths, ttlMinutes: values.minutes },
        resource.kind,
      ),
    })
    if (values.budget !== '')
      await api.budgets.create({ scope: { grant: made.current.id }, limit_usd: values.budget, window: values.window })
    return made.current
  })
  return (
    <Form
      label="Grant it"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (done) onDone(done.answer)
      }}
    >
      <p className="mb-4 text-soft">
        {workload.name} gets to use {resource.name}, and nothing else.
      </p>
      <div className="grid gap-4 sm:grid-cols-2">
        <div className="sm:col-span-2">
          {isLlm ? (
            <ListField
              label="Models"
              pointer="/scope/models"
              hint="Any other model is refused."
              suggestions={[...(preset?.models ?? []), '*']}
              values={values.models}
              onChange={set('models')}
            />
          ) : (
            <ListField
              label="Paths, for GET and POST"
              pointer="/scope/paths"
              suggestions={['/**']}
              values={values.paths}
              onChange={set('paths')}
            />
          )}
        </div>
        {isLlm && (
          <>
            <TextField
              label="Budget, in US dollars"
              optional
              inputMode="decimal"
              pattern={usdPattern}
              pointer="/limit_usd"
              hint="A hard ceiling: the call that could pass it is refused before it is made."
              value={values.budget}
              onChange={set('budget')}
            />
            <SelectField
              label="For"
              pointer="/window"
              value={values.window}
              onChange={set('window')}
              choices={budgetWindows.map((value) => ({ value, text: word(value) }))}
            />
          </>
        )}
        <TextField
          label="A token lives, in minutes"
          type="number"
          min={0.5}
          max={480}
          step="any"
          pointer="/ttl_seconds"
          value={values.minutes}
          onChange={set('minutes')}
        />
      </div>
      <Button type="submit" look="primary" pending={create.pending} className="mt-5">
        Grant it
      </Button>
    </Form>
  )
}
