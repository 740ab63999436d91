import { ownerKinds } from '@keyward/contract/words'
import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'

export const owners: ResourceDefinition = {
  name: 'owner',
  plural: 'owners',
  group: 'owners',
  summary: 'The people and teams that answer for credentials and workloads',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'KIND', value: 'kind', fit: 'whole' },
    { title: 'CONTACT', value: 'contact', fit: 'cut' },
    { title: 'OWNS', value: 'owns', fit: 'whole' },
    { title: 'TEAM', value: 'team', fit: 'whole' },
  ],
  filters: [
    { flag: 'kind', text: 'only of this kind: person, team', parse: oneOf(ownerKinds) },
    { flag: 'team', text: 'only people of this team', parse: text },
    { flag: 'q', text: 'words of name or contact', parse: text },
  ],
  fields: [
    { flag: 'kind', value: 'kind', text: 'person or team', parse: oneOf(ownerKinds), required: true, on: 'create' },
    { flag: 'name', value: 'name', text: 'their name', parse: text, required: true },
    { flag: 'contact', value: 'contact', text: 'where to reach them: an e-mail address, a channel, a pager', parse: text, required: true },
    { flag: 'backup', value: 'owner', text: 'who answers when they cannot', parse: text, clears: true },
    { flag: 'team', value: 'owner', text: "a person's team", parse: text, clears: true },
  ],
  whenEmpty: 'No owners yet. Next: keyward owner create --kind team --name "Platform" --contact platform@example.com',
}

export function ownerCommand(): Command {
  return resourceCommand(owners)
}
