import type { Command } from 'commander'
import { addSecondOpinion, type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { cancelled, confirmed } from '../input/prompt.ts'
import { note, printJson } from '../output/print.ts'
import type { ResourceDefinition } from './definition.ts'
import { routeOf } from './routes.ts'

/** A person at a terminal is asked first; a script's command line is its yes. */
export function deleteCommand(definition: ResourceDefinition): Command {
  const command = serverCommand('delete', `Delete one ${definition.name}`)
    .argument(`<${definition.key}>`, `its ${definition.key}`)
    .option('-y, --yes', 'do not ask')
  if (definition.secondOpinion) addSecondOpinion(command)
  return command.action(async (key: string, _: unknown, self: Command) => {
    const options = self.optsWithGlobals<CommonOptions & { readonly yes?: boolean }>()
    const api = connect(options)
    const params = { [definition.key]: key }
    const route = await routeOf(definition.group, 'delete')
    // What is asked about is what is deleted: the revision is read before the question.
    const read = route.etag === 'needs' ? await api.call(await routeOf(definition.group, 'show'), { params }) : undefined
    if (options.yes !== true && !(await confirmed(`Delete ${definition.name} ${key}? This can't be undone.`))) throw cancelled()
    await api.call(route, { params, revision: (read?.answer as { revision?: number } | undefined)?.revision })
    if (options.json) printJson({ deleted: key })
    else note(`Deleted ${definition.name} ${key}.`)
  })
}
