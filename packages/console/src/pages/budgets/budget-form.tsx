import { type BudgetWindow, budgetWindows } from '@keyward/contract/words'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { say } from '../../components/toast.tsx'
import { usdPattern } from '../../format/money.ts'
import { word } from '../../format/words.ts'

type Level = 'org' | 'team' | 'workload'

/** Sets a hard ceiling: over everything, a team, a workload; or over the grant that is given. */
export function BudgetForm({ grant, onClose }: { readonly grant?: string; readonly onClose: () => void }) {
  const [level, setLevel] = useState<Level>('org')
  const [over, setOver] = useState<string>()
  const [usd, setUsd] = useState('')
  const [window, setWindow] = useState<BudgetWindow>('month')
  const create = useAct(() =>
    api.budgets.create({
      scope:
        grant !== undefined
          ? { grant }
          : level === 'org'
            ? { org: 'org' }
            : level === 'team'
              ? { team: over ?? '' }
              : { workload: over ?? '' },
      limit_usd: usd,
      window,
    }),
  )
  return (
    <Form
      label="Add a budget"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say('The budget holds from now on.')
        onClose()
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {grant === undefined && (
          <>
            <SelectField
              label="Over"
              pointer="/scope"
              value={level}
              onChange={(next) => {
                setLevel(next)
                setOver(undefined)
              }}
              choices={[
                { value: 'org', text: 'the whole organisation' },
                { value: 'team', text: 'a team' },
                { value: 'workload', text: 'a workload' },
              ]}
              hint="For a grant: on the page of the grant."
            />
            {level === 'org' ? (
              <div />
            ) : (
              <PickField
                key={level}
                label={level === 'team' ? 'Team' : 'Workload'}
                pointer={`/scope/${level}`}
                from={level === 'team' ? 'teams' : 'workloads'}
                value={over}
                onChange={setOver}
              />
            )}
          </>
        )}
        <TextField
          label="US dollars"
          inputMode="decimal"
          pattern={usdPattern}
          pointer="/limit_usd"
          placeholder="250.00"
          value={usd}
          onChange={setUsd}
        />
        <SelectField
          label="For"
          pointer="/window"
          value={window}
          onChange={setWindow}
          choices={budgetWindows.map((value) => ({ value, text: word(value) }))}
        />
      </div>
      <p className="mt-3 text-sm text-soft">
        Before each call its worst case is reserved. A call that the rest can't pay for is refused; parallel calls can't run past it.
      </p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Set the budget
        </Button>
      </DialogActions>
    </Form>
  )
}
