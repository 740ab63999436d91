import { Link } from '@tanstack/react-router'
import { Amount } from '../../components/amount.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { BudgetMeter } from '../../components/meter.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { word } from '../../format/words.ts'
import { BudgetForm } from './budget-form.tsx'
import { BudgetScopeText } from './budget-scope.tsx'

export default function BudgetsPage() {
  const create = (
    <CreateButton needs="budget:create" text="Add a budget">
      {(close) => <BudgetForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="budgets"
      title="Budgets"
      lead="Hard ceilings: organisation, team, workload, grant. A call has to fit into every one that covers it."
      actions={create}
      keyOf={(budget) => budget.id}
      columns={[
        { title: 'Over', cell: (budget) => <BudgetScopeText budget={budget} /> },
        {
          title: 'Ceiling',
          cell: (budget) => (
            <span className="whitespace-nowrap">
              <Amount usd={budget.limit_usd} /> <span className="text-soft">{word(budget.window)}</span>
            </span>
          ),
        },
        { title: 'Used', cell: (budget) => <BudgetMeter budget={budget} /> },
        { title: 'Starts anew', cell: (budget) => <Moment at={budget.window_end} none="never" />, tight: true, wideOnly: true },
        {
          title: 'Open',
          act: true,
          right: true,
          cell: (budget) => (
            <Link to="/budgets/$id" params={{ id: budget.id }} className="text-sm text-accent-strong underline">
              Details
            </Link>
          ),
        },
      ]}
      empty={
        <Empty title="No budget yet" action={create}>
          Without one, spend is counted and not bounded.
        </Empty>
      }
    />
  )
}
