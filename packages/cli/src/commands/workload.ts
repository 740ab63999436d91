import { workloadTypes } from '@keyward/contract/words'
import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'
import { addIdentityCommand, revokeIdentityCommand } from './identity.ts'
import { enrollCommand } from './workload-enroll.ts'

export const workloads: ResourceDefinition = {
  name: 'workload',
  plural: 'workloads',
  group: 'workloads',
  summary: 'Agents, pipelines and services, and how each proves who it is',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'TYPE', value: 'type', fit: 'whole' },
    { title: 'ENVIRONMENT', value: 'environment', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
    { title: 'OWNER', value: 'owner', fit: 'whole' },
  ],
  filters: [
    { flag: 'environment', text: 'only of this environment', parse: text },
    { flag: 'owner', text: 'only of this owner', parse: text },
    { flag: 'type', text: `only of this type: ${workloadTypes.join(', ')}`, parse: oneOf(workloadTypes) },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
    { flag: 'issuer', text: 'only those with a trust rule that relies on this issuer (iss_…)', parse: text },
    { flag: 'q', text: 'words of name or description', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: 'what people call it', parse: text, required: true },
    { flag: 'type', value: 'type', text: workloadTypes.join(', '), parse: oneOf(workloadTypes), required: true, on: 'create' },
    { flag: 'owner', value: 'owner', text: 'the accountable person or team (own_…)', parse: text, required: true },
    { flag: 'backup-owner', value: 'owner', text: 'who answers when the owner cannot', parse: text, clears: true },
    { flag: 'environment', value: 'environment', text: 'development, production, …', parse: text, required: true, on: 'create' },
    { flag: 'description', value: 'text', text: 'what it does', parse: text, clears: true },
  ],
  whenEmpty: 'No workloads yet. Next: keyward workload create --name "Support agent" --type agent --owner own_… --environment development',
}

export function workloadCommand(): Command {
  return resourceCommand(workloads).addCommand(enrollCommand()).addCommand(addIdentityCommand()).addCommand(revokeIdentityCommand())
}
