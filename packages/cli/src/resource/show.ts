import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { printFields } from '../output/fields.ts'
import { print, printJson } from '../output/print.ts'
import type { ResourceDefinition, Row } from './definition.ts'
import { routeOf } from './routes.ts'

export function showCommand(definition: ResourceDefinition): Command {
  return serverCommand('show', `Everything about one ${definition.name}`)
    .argument('<id>', `its id`)
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { answer } = await connect(options).call(await routeOf(definition.group, 'show'), { params: { id } })
      printThing(answer as Row, options)
    })
}

/** One thing: as JSON, as its id alone (`--quiet`), or with all its fields. */
export function printThing(thing: Row, options: { readonly json?: boolean; readonly quiet?: boolean }): void {
  if (options.json) printJson(thing)
  else if (options.quiet) print(String(thing.id ?? thing.name))
  else printFields(thing)
}
