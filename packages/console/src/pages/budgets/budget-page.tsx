import type { Budget, BudgetUpdate } from '@keyward/contract/budgets'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Amount } from '../../components/amount.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { BudgetMeter } from '../../components/meter.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { money, usdPattern } from '../../format/money.ts'
import { word } from '../../format/words.ts'
import { BudgetScopeText } from './budget-scope.tsx'

const back = { to: '/budgets', text: 'Budgets' }

export default function BudgetPage() {
  return (
    <Detail of="budgets" what="Budget" back={back}>
      {(budget) => <Shown budget={budget} />}
    </Detail>
  )
}

function Shown({ budget }: { readonly budget: Budget }) {
  const [editing, setEditing] = useState(false)
  const name = `budget of ${money(budget.limit_usd)} ${word(budget.window)}`
  return (
    <PageFrame
      title={`${money(budget.limit_usd)} ${word(budget.window)}`}
      back={back}
      lead={<BudgetScopeText budget={budget} />}
      actions={
        <>
          <ActButton needs="budget:update" onClick={() => setEditing(true)}>
            Edit
          </ActButton>
          <DeleteButton
            needs="budget:delete"
            name={name}
            text="Remove"
            consequence="Nothing bounds this spend any more, but for other budgets that cover it. A budget that running calls hold can't be removed."
            act={() => api.budgets.delete(budget.id, { revision: budget.revision })}
            then="/budgets"
          />
        </>
      }
    >
      <Panel className="max-w-2xl">
        <div className="mb-5">
          <BudgetMeter budget={budget} />
        </div>
        <Facts
          items={[
            ['Spent', <Amount key="spent" usd={budget.spent_usd} />],
            ['Held by running calls', <Amount key="held" usd={budget.reserved_usd} />],
            ['Left', <Amount key="left" usd={budget.remaining_usd} />],
            ['Window', word(budget.window)],
            ['Began', <Moment key="began" at={budget.window_start} />],
            ['Starts anew', <Moment key="ends" at={budget.window_end} none="never" />],
            ['Set', <Moment key="set" at={budget.created_at} />],
            ['Id', <Id key="id" id={budget.id} />],
          ]}
        />
      </Panel>
      {editing && (
        <EditDialog
          item={budget}
          title={`Change the ${name}`}
          onClose={() => setEditing(false)}
          valuesOf={(item) => ({ usd: item.limit_usd })}
          bodyOf={(values) => ({ limit_usd: values.usd })}
          save={(changes, revision) => api.budgets.update(budget.id, changes as BudgetUpdate, { revision })}
          reload={() => api.budgets.show(budget.id)}
        >
          {(values, set) => (
            <TextField
              label="US dollars"
              inputMode="decimal"
              pattern={usdPattern}
              pointer="/limit_usd"
              hint="What is spent stays counted."
              value={values.usd}
              onChange={set('usd')}
            />
          )}
        </EditDialog>
      )}
    </PageFrame>
  )
}
