import { servedResourceKinds } from '@keyward/contract/resources'
import { resourceKinds } from '@keyward/contract/words'
import type { Command } from 'commander'
import { resourceCommand as commandOf } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { injection, integer, oneOf, pairs, text } from '../resource/parsers.ts'

export const resources: ResourceDefinition = {
  name: 'resource',
  plural: 'resources',
  group: 'resources',
  summary: 'What agents reach through the gateway: an upstream, and the credential that it takes',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'whole' },
    { title: 'KIND', value: 'kind', fit: 'whole' },
    { title: 'UPSTREAM', value: 'upstream', fit: 'cut' },
    { title: 'PROVIDER', value: 'provider', fit: 'cut' },
    { title: 'ADDRESS', value: 'address', fit: 'cut' },
  ],
  filters: [
    { flag: 'kind', text: `only of this kind: ${resourceKinds.join(', ')}`, parse: oneOf(resourceKinds) },
    { flag: 'provider', text: 'only of this provider', parse: text },
    { flag: 'credential', text: 'only those that use this credential', parse: text },
    { flag: 'q', text: 'words of name or upstream', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: 'stands in its address: /g/NAME/…', parse: text, required: true, on: 'create' },
    {
      flag: 'kind',
      value: 'kind',
      text: servedResourceKinds.join(' or '),
      parse: oneOf(servedResourceKinds),
      required: true,
      on: 'create',
    },
    { flag: 'upstream', value: 'url', text: 'where it is: https://api.openai.com', parse: text, required: true },
    {
      flag: 'provider',
      value: 'provider',
      text: 'for kind llm: whose protocol and prices: openai or anthropic',
      parse: text,
      on: 'create',
    },
    { flag: 'credential', value: 'credential', text: 'the credential that it takes', parse: text },
    {
      flag: 'credentials',
      value: 'env=id,env=id',
      text: "or one credential an environment; the workload's environment chooses",
      parse: pairs,
    },
    {
      flag: 'injection',
      value: 'style',
      text: 'how the secret is handed over: bearer, header:NAME, basic:USERNAME (default: as the provider wants it)',
      parse: injection,
    },
    {
      flag: 'allow-private',
      text: 'allow an upstream at a private or loopback address (an admin with fresh authentication)',
      parse: text,
      negates: true,
    },
    { flag: 'request-bytes', value: 'n', path: 'limits.request_bytes', text: 'largest request', parse: integer },
    { flag: 'response-bytes', value: 'n', path: 'limits.response_bytes', text: 'largest answer', parse: integer },
    { flag: 'call-seconds', value: 'n', path: 'limits.call_seconds', text: 'a call is cut after this long', parse: integer },
    {
      flag: 'first-byte-seconds',
      value: 'n',
      path: 'limits.first_byte_seconds',
      text: 'how long an answer may take to begin',
      parse: integer,
    },
    { flag: 'description', value: 'text', text: 'what it is for', parse: text, clears: true },
  ],
  whenEmpty:
    'No resources yet. Next: keyward resource create --name openai --kind llm --provider openai --upstream https://api.openai.com --credential cred_…',
}

export function resourceCommand(): Command {
  return commandOf(resources)
}
