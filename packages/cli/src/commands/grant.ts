import { assuranceLevels } from '@keyward/contract/words'
import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { futureTime, integer, list, oneOf, text } from '../resource/parsers.ts'

export const grants: ResourceDefinition = {
  name: 'grant',
  plural: 'grants',
  group: 'grants',
  summary: 'Which workload may do what on which resource, under which limits',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'SCOPE', value: 'scope', fit: 'cut' },
    { title: 'TTL', value: (row) => `${String(row.ttl_seconds)} s`, fit: 'whole', align: 'right' },
    { title: 'WORKLOAD', value: 'workload', fit: 'whole' },
    { title: 'RESOURCE', value: 'resource', fit: 'whole' },
    { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
    { title: 'TENANT', value: 'tenant', fit: 'whole' },
  ],
  filters: [
    { flag: 'workload', text: 'only of this workload', parse: text },
    { flag: 'resource', text: 'only to this resource', parse: text },
    { flag: 'tenant', text: 'only for this tenant', parse: text },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
  ],
  fields: [
    { flag: 'workload', value: 'workload', text: 'who (wl_…)', parse: text, required: true, on: 'create' },
    { flag: 'resource', value: 'resource', text: 'on what (res_…)', parse: text, required: true, on: 'create' },
    { flag: 'tenant', value: 'tenant', text: 'for which tenant alone (ten_…)', parse: text, on: 'create' },
    {
      flag: 'scope-models',
      value: 'a,b',
      path: 'scope.models',
      text: 'llm: models, one star at the end allowed: gpt-4o-mini,claude-*',
      parse: list,
    },
    {
      flag: 'scope-operations',
      value: 'a,b',
      path: 'scope.operations',
      text: 'llm: operations (default: all that run a model)',
      parse: list,
    },
    { flag: 'scope-methods', value: 'a,b', path: 'scope.methods', text: 'http: GET,POST', parse: list },
    { flag: 'scope-paths', value: 'a,b', path: 'scope.paths', text: 'http: /v1/customers/*,/v1/orders/**', parse: list },
    { flag: 'requests-per-minute', value: 'n', path: 'limits.requests_per_minute', text: 'calls a minute', parse: integer },
    { flag: 'tokens-per-minute', value: 'n', path: 'limits.tokens_per_minute', text: 'model tokens a minute', parse: integer },
    { flag: 'concurrent', value: 'n', path: 'limits.concurrent', text: 'calls in flight on one node', parse: integer },
    { flag: 'max-output-tokens', value: 'n', path: 'limits.max_output_tokens', text: 'ceiling of one answer', parse: integer },
    { flag: 'request-bytes', value: 'n', path: 'limits.request_bytes', text: 'largest request', parse: integer },
    { flag: 'ttl-seconds', value: 'n', text: 'life of a token (30 to 28800; default 600)', parse: integer },
    { flag: 'expires-at', value: 'time', text: 'when the grant itself ends: 2027-01-31, or 90d from now', parse: futureTime, clears: true },
    { flag: 'require-dpop', text: 'only tokens that are bound to a key, as `keyward run` gets them', parse: text, negates: true },
    { flag: 'require-mtls', text: 'only tokens that are bound to a client certificate', parse: text, negates: true },
    {
      flag: 'minimum-assurance',
      value: 'level',
      text: `how surely its holder must have proved who it is: ${assuranceLevels.join(', ')}`,
      parse: oneOf(assuranceLevels),
      clears: true,
    },
    { flag: 'delegates', value: 'wl_a,wl_b', text: 'other workloads that its tokens may be handed on to (token exchange)', parse: list },
    { flag: 'streams-outlive-token', text: 'an open stream may outlive its token (never a revocation)', parse: text, negates: true },
    { flag: 'reason', value: 'text', text: 'why, for the audit log', parse: text, on: 'create' },
  ],
  whenEmpty: 'No grants yet. Next: keyward grant create --workload wl_… --resource res_… --scope-models gpt-4o-mini',
}

export function grantCommand(): Command {
  return resourceCommand(grants)
}
