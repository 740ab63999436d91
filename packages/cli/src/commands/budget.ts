import { budgetWindows } from '@keyward/contract/words'
import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'

export const budgets: ResourceDefinition = {
  name: 'budget',
  plural: 'budgets',
  group: 'budgets',
  summary: 'Hard ceilings of spending over the organisation, a team, a workload or a grant',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'LIMIT', value: (row) => `$${String(row.limit_usd)}`, fit: 'whole', align: 'right' },
    { title: 'SPENT', value: (row) => `$${String(row.spent_usd)}`, fit: 'whole', align: 'right' },
    { title: 'HELD', value: (row) => `$${String(row.reserved_usd)}`, fit: 'whole', align: 'right' },
    { title: 'WINDOW', value: 'window', fit: 'whole' },
    { title: 'OVER', value: 'scope', fit: 'whole' },
    { title: 'WINDOW ENDS', value: 'window_end', fit: 'whole' },
  ],
  filters: [
    { flag: 'team', text: 'only over this team', parse: text },
    { flag: 'workload', text: 'only over this workload', parse: text },
    { flag: 'grant', text: 'only over this grant', parse: text },
  ],
  fields: [
    { flag: 'org', path: 'scope.org', text: 'over everything', parse: text, sets: 'org', on: 'create' },
    { flag: 'team', value: 'owner', path: 'scope.team', text: 'over a team (own_…)', parse: text, on: 'create' },
    { flag: 'workload', value: 'workload', path: 'scope.workload', text: 'over a workload (wl_…)', parse: text, on: 'create' },
    { flag: 'grant', value: 'grant', path: 'scope.grant', text: 'over a grant (grt_…)', parse: text, on: 'create' },
    { flag: 'limit-usd', value: 'amount', text: 'US dollars: 250.00', parse: text, required: true },
    { flag: 'window', value: 'window', text: budgetWindows.join(', '), parse: oneOf(budgetWindows), required: true, on: 'create' },
  ],
  whenEmpty: 'No budgets yet: nothing bounds what may be spent. Next: keyward budget create --org --limit-usd 100.00 --window month',
}

export function budgetCommand(): Command {
  return resourceCommand(budgets)
}
