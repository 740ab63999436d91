import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'

export const tenants: ResourceDefinition = {
  name: 'tenant',
  plural: 'tenants',
  group: 'tenants',
  summary: 'Customers inside a resource, to which grants can be bound',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'EXTERNAL ID', value: 'external_id', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
  ],
  filters: [
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
    { flag: 'q', text: 'words of the name', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: "the customer's name", parse: text, required: true },
    { flag: 'external-id', value: 'id', text: 'what the resource calls it (default: the name)', parse: text },
  ],
  whenEmpty: 'No tenants yet. Next: keyward tenant create --name "Acme"',
}

export function tenantCommand(): Command {
  return resourceCommand(tenants)
}
