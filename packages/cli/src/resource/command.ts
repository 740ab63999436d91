import type { Command } from 'commander'
import { groupCommand } from '../common-options.ts'
import { createCommand } from './create.ts'
import type { Act, ResourceDefinition } from './definition.ts'
import { deleteCommand } from './delete.ts'
import { listCommand } from './list.ts'
import { revokeCommand } from './revoke.ts'
import { showCommand } from './show.ts'
import { updateCommand } from './update.ts'

const makers: Readonly<Record<Act, (definition: ResourceDefinition) => Command>> = {
  list: listCommand,
  show: showCommand,
  create: createCommand,
  update: updateCommand,
  delete: deleteCommand,
  revoke: revokeCommand,
}

/** The command group of one resource. What goes beyond the six acts is added by its own file. */
export function resourceCommand(definition: ResourceDefinition): Command {
  const group = groupCommand(definition.name, definition.summary)
  for (const act of definition.acts) group.addCommand(makers[act](definition))
  return group
}
