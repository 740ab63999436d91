import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'

export const consents: ResourceDefinition = {
  name: 'consent',
  plural: 'consents',
  group: 'consents',
  summary: 'Clients that people have connected to their agents; consent itself is given in the console',
  key: 'id',
  acts: ['list', 'show', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'PERSON', value: 'user_name', fit: 'cut' },
    { title: 'CLIENT', value: 'client_name', fit: 'cut' },
    { title: 'AGENT', value: 'workload_name', fit: 'cut' },
    { title: 'RESOURCE', value: 'resource_name', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'ENDS', value: 'expires_at', fit: 'whole' },
    { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
  ],
  filters: [
    { flag: 'user', text: 'only of this person (usr_…)', parse: text },
    { flag: 'grant', text: 'only to this grant', parse: text },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
  ],
  fields: [],
  whenEmpty: 'Nobody has connected a client. Next: docs/guides/mcp-editor-client.md',
}

export function consentCommand(): Command {
  return resourceCommand(consents)
}
