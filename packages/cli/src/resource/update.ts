import type { Command } from 'commander'
import { addSecondOpinion, type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { type BodyOptions, bodyFrom } from './body.ts'
import type { ResourceDefinition, Row } from './definition.ts'
import { addFields, fieldsOf } from './fields.ts'
import { routeOf } from './routes.ts'
import { printThing } from './show.ts'

type UpdateOptions = CommonOptions & BodyOptions & { readonly quiet?: boolean }

/** Reads the thing, and changes it only if it is still as it was read (ETag): two people never undo each other's change unseen. */
export function updateCommand(definition: ResourceDefinition): Command {
  const fields = fieldsOf(definition.fields, 'update')
  const command = serverCommand('update', `Change one ${definition.name}`)
    .argument('<id>', 'its id')
    .option('-q, --quiet', 'print the id alone')
  if (definition.secondOpinion) addSecondOpinion(command)
  return addFields(command, definition.fields, 'update').action(async (id: string, _: unknown, self: Command) => {
    const options = self.optsWithGlobals<UpdateOptions>()
    const api = connect(options)
    const { answer } = await api.call(await routeOf(definition.group, 'show'), { params: { id } })
    const body = await bodyFrom(fields, options, answer as Record<string, unknown>)
    if (Object.keys(body).length === 0) throw wrongUsage('Nothing to change was named', 'See --help for the flags.')
    const route = await routeOf(definition.group, 'update')
    const changed = await api.call(route, { params: { id }, body, revision: (answer as { revision?: number }).revision })
    printThing(changed.answer as Row, options)
  })
}
