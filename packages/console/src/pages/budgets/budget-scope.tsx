import type { Budget } from '@keyward/contract/budgets'
import { Reference } from '../../components/reference.tsx'
import { GrantName } from '../grants/grant-name.tsx'

/** What a budget is a ceiling over. */
export function BudgetScopeText({ budget }: { readonly budget: Budget }) {
  const { org, team, workload, grant } = budget.scope
  if (org !== undefined) return <>The whole organisation</>
  if (grant !== undefined)
    return (
      <>
        Grant <GrantName id={grant} />
      </>
    )
  return (
    <>
      {team === undefined ? 'Workload ' : 'Team '}
      <Reference id={team ?? workload} />
    </>
  )
}
