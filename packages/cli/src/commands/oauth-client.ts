import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { list, oneOf, text } from '../resource/parsers.ts'

export const oauthClients: ResourceDefinition = {
  name: 'oauth-client',
  plural: 'registered clients',
  group: 'oauthClients',
  summary: 'Programs that people may connect to their agents, and that publish no metadata document of their own',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'revoke'],
  columns: [
    { title: 'CLIENT ID', value: 'client_id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'REDIRECTS', value: 'redirect_uris', fit: 'cut' },
    { title: 'WORKLOAD', value: 'workload', fit: 'whole' },
  ],
  filters: [{ flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) }],
  fields: [
    { flag: 'name', value: 'name', text: 'what people read when they are asked', parse: text, required: true },
    {
      flag: 'redirect-uris',
      value: 'a,b',
      text: 'where it takes its answer, exactly; http://127.0.0.1/callback stands for any port there',
      parse: list,
      required: true,
    },
    { flag: 'workload', value: 'workload', text: 'the client is this workload, and proves it (wl_…)', parse: text, on: 'create' },
  ],
  whenEmpty: 'No client is registered. Those with a metadata document need not be: their client_id is its address.',
  secondOpinion: true,
}

export function oauthClientCommand(): Command {
  return resourceCommand(oauthClients)
}
