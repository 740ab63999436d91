import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { text } from '../resource/parsers.ts'

export const environments: ResourceDefinition = {
  name: 'environment',
  plural: 'environments',
  group: 'environments',
  summary: 'Development, production and the like: credentials of one are never used in another',
  key: 'name',
  acts: ['list', 'create', 'delete'],
  columns: [
    { title: 'NAME', value: 'name', fit: 'whole' },
    { title: 'DESCRIPTION', value: 'description', fit: 'cut' },
    { title: 'CREATED', value: 'created_at', fit: 'whole' },
  ],
  filters: [],
  fields: [
    { flag: 'name', value: 'name', text: 'lower-case letters, digits and hyphens', parse: text, required: true },
    { flag: 'description', value: 'text', text: 'what it is for', parse: text },
  ],
  whenEmpty: 'No environments yet. Next: keyward environment create --name production',
}

export function environmentCommand(): Command {
  return resourceCommand(environments)
}
